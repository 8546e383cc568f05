// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether somebody keeps what was read. Unsafe because it is told by where the memory is, which is compared and no more.

import NIOCore

extension ByteBuffer {
    /// Nobody else holds the memory: otherwise emptying the buffer gives it other memory.
    ///
    /// The buffer is empty afterwards.
    mutating func isHeldByNobodyElse() -> Bool {
        let place = place
        clear()
        return place == self.place
    }

    var place: UInt { unsafe withVeryUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A few bytes that have to wait for long must not keep the 16 KiB alive that they were read into.

public import NIOCore

extension ByteBuffer {
    /// Moves what is there into a buffer of its size, if the one it is in was made for much more.
    public mutating func shedSlack() {
        if storageCapacity > 8 * readableBytes { self = ByteBuffer(bytes: readableBytesView) }
    }
}

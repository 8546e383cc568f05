// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Addresses that need no set-up. The one place that relies on Linux answering on the whole of 127.0.0.0/8.

enum LoopbackAddresses {
    /// `count` addresses of a block; blocks do not overlap.
    ///
    /// Elsewhere than on Linux every address but 127.0.0.1 needs an alias on the loopback interface first, for
    /// instance `ifconfig lo0 alias 127.83.0.1`.
    static func block(_ block: Int, count: Int) -> [String] {
        (0..<count).map { "127.83.\(block).\($0 + 1)" }
    }
}

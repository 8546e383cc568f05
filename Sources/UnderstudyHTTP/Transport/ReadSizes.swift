// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much memory a connection reads into. A channel keeps its first buffer for as long as it lives, and most connections
// are idle: so that one is small, and those for more are made when there is more. Few large reads of a long body cost
// much less than many: each is passed on by a write that wakes the other end.

internal import NIOCore

/// Buffers for one connection; asks for one read at a time, since NIO would keep a buffer for each further one.
struct ReadSizes: RecvByteBufferAllocator {
    private let small: Int
    private let medium: Int
    private let large: Int
    private var size: Int

    private init(small: Int, medium: Int, large: Int) {
        self.small = small * 1024
        self.medium = medium * 1024
        self.large = large * 1024
        size = self.small
    }

    /// The first holds most heads.
    static let client = ReadSizes(small: 4, medium: 16, large: 64)
    /// The TLS library keeps a buffer for as much as was ever read at once.
    static let securedClient = ReadSizes(small: 4, medium: 16, large: 16)
    static let upstream = ReadSizes(small: 16, medium: 64, large: 128)
    /// Of answers that nobody waits for.
    static let restrained = ReadSizes(small: 16, medium: 16, large: 16)

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        allocator.buffer(capacity: size)
    }

    /// - Returns: Whether the next read needs a buffer of its own instead of the one that is kept.
    mutating func record(actualReadBytes: Int) -> Bool {
        if actualReadBytes >= size {
            size = size == small ? medium : large
        } else if actualReadBytes < small {
            size = small
        } else {
            size = medium
        }
        return size > small
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a loop reads into: one buffer of each size for all its sockets, since nobody reads at the same time. An idle
// connection keeps none.

#if os(Linux)
internal import NIOCore

/// How much one connection reads at a time: little at first, and more while there is more.
struct ReadSize {
    static let small = 4 * 1024
    static let medium = 16 * 1024
    static let large = 64 * 1024

    private(set) var bytes: Int
    /// How often it reads before others have their turn.
    let timesAtOnce: Int
    private let least: Int
    private let most: Int

    /// Of a client: `small` holds most heads.
    static let client = ReadSize(least: small, most: large, timesAtOnce: 1)
    static let upstream = ReadSize(least: medium, most: large, timesAtOnce: 4)
    /// Takes little of the loop's time; and the TLS library keeps a buffer for as much as was ever read at once.
    static let restrained = ReadSize(least: medium, most: medium, timesAtOnce: 1)

    private init(least: Int, most: Int, timesAtOnce: Int) {
        bytes = least
        self.least = least
        self.most = most
        self.timesAtOnce = timesAtOnce
    }

    mutating func record(_ count: Int) {
        if count >= bytes {
            bytes = min(most, 4 * bytes)
        } else if count < Self.small {
            bytes = least
        } else {
            bytes = Self.medium
        }
    }
}

/// Loop-bound.
struct ReadBuffers {
    private var small = ByteBuffer()
    private var medium = ByteBuffer()
    private var large = ByteBuffer()

    /// An empty buffer of this size; `give` follows.
    ///
    /// One that somebody still holds is left to them.
    mutating func take(_ size: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        switch size {
        case ReadSize.small: swap(&buffer, &small)
        case ReadSize.medium: swap(&buffer, &medium)
        default: swap(&buffer, &large)
        }
        guard buffer.capacity >= size else { return ByteBufferAllocator().buffer(capacity: size) }
        buffer.clear()
        return buffer
    }

    mutating func give(_ buffer: ByteBuffer, _ size: Int) {
        switch size {
        case ReadSize.small: small = buffer
        case ReadSize.medium: medium = buffer
        default: large = buffer
        }
    }
}
#endif

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bytes that the system has not taken yet.

#if os(Linux)
internal import NIOCore

/// Mostly there is one buffer or none, which needs no array.
struct WriteQueue {
    private var first: ByteBuffer?
    /// Those behind it from `next` on.
    private var rest: [ByteBuffer] = []
    private var next = 0
    private(set) var bytes = 0

    /// Buffers that leave in one call.
    private static let mostAtOnce = 64
    /// Places of buffers that have left, before the array is moved up.
    private static let mostPassed = 64

    var isEmpty: Bool { bytes == 0 }

    mutating func append(_ buffer: ByteBuffer) {
        let count = buffer.readableBytes
        guard count > 0 else { return }
        bytes += count
        if first == nil { first = buffer } else { rest.append(buffer) }
    }

    /// Sends once.
    ///
    /// - Returns: The bytes that were taken, or a negative error number.
    mutating func send(to descriptor: CInt) -> Int {
        guard let first else { return 0 }
        let count: Int
        if next == rest.count {
            count = SystemSocket.write(descriptor, first)
        } else {
            let buffers = min(Self.mostAtOnce, 1 + rest.count - next)
            count = SystemSocket.write(descriptor, buffers) { $0 == 0 ? first : rest[next + $0 - 1] }
        }
        if count > 0 { drop(count) }
        return count
    }

    private mutating func drop(_ count: Int) {
        bytes -= count
        var left = count
        while left > 0, var buffer = first {
            let size = buffer.readableBytes
            if left < size {
                buffer.moveReaderIndex(forwardBy: left)
                first = buffer
                return
            }
            left -= size
            moveUp()
        }
    }

    private mutating func moveUp() {
        guard next < rest.count else {
            first = nil
            return
        }
        first = rest[next]
        // The place must not keep its bytes.
        rest[next] = ByteBuffer()
        next += 1
        if next == rest.count {
            rest.removeAll(keepingCapacity: next <= Self.mostPassed)
            next = 0
        } else if next > Self.mostPassed, 2 * next > rest.count {
            rest.removeFirst(next)
            next = 0
        }
    }
}
#endif

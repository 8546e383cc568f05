// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bytes leave in the order that they came in, however the system takes them.

#if os(Linux)
import Glibc
import NIOCore
import Testing

@testable import UnderstudyHTTP

@Suite struct WriteQueueTests {
    /// A socket that takes little at once, and its other end.
    private func withPair(_ body: (CInt, CInt) throws -> Void) throws {
        var pair: [CInt] = [0, 0]
        let code = unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &pair)
        try #require(code == 0)
        defer { for descriptor in pair { close(descriptor) } }
        try body(pair[0], pair[1])
    }

    private func readAll(_ descriptor: CInt) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            var buffer = ByteBufferAllocator().buffer(capacity: 64 * 1024)
            guard SystemSocket.receive(descriptor, into: &buffer) > 0 else { return all }
            all += Array(buffer.readableBytesView)
        }
    }

    @Test(arguments: 1...20)
    func `a random walk of writes and sends loses nothing`(seed: UInt64) throws {
        var random = SeededRandom(seed)
        try withPair { near, far in
            var queue = WriteQueue()
            var sent: [UInt8] = []
            var received: [UInt8] = []
            for _ in 0..<400 {
                if random.next() % 3 > 0 {
                    let count = Int(random.next() % (random.next() % 8 == 0 ? 50_000 : 200))
                    let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    sent += bytes
                    queue.append(ByteBuffer(bytes: bytes))
                } else {
                    let before = queue.bytes
                    let count = queue.send(to: near)
                    #expect(queue.bytes == before - max(0, count))
                    if count == -Int(EAGAIN) { received += readAll(far) }
                }
            }
            while !queue.isEmpty {
                _ = queue.send(to: near)
                received += readAll(far)
            }
            #expect(received + readAll(far) == sent)
        }
    }

    private struct SeededRandom {
        private var state: UInt64

        init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}
#endif

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What was read into a shared buffer stays as it was read for whoever keeps it.

#if os(Linux)
import NIOCore
import Testing

@testable import UnderstudyHTTP

@Suite struct ReadBuffersTests {
    @Test(arguments: [ReadSize.small, ReadSize.medium, ReadSize.large])
    func `a buffer that somebody keeps is left to them, and the next one is empty`(size: Int) {
        var buffers = ReadBuffers()
        var buffer = buffers.take(size)
        #expect(buffer.writableBytes >= size)
        buffer.writeString("kept")
        let kept = buffer
        buffers.give(buffer, size)

        var next = buffers.take(size)
        #expect(next.readableBytes == 0)
        next.writeString("other")
        #expect(kept == ByteBuffer(string: "kept"))
        #expect(next.readableBytes == 5)
    }
}
#endif

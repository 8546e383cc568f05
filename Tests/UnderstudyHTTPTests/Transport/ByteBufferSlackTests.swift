// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What waits keeps its bytes and gives the rest of its buffer back.

import NIOCore
import Testing
import UnderstudyHTTP

struct ByteBufferSlackTests {
    @Test func `a few bytes in a large buffer move into a small one`() {
        var bytes = ByteBufferAllocator().buffer(capacity: 16 * 1024)
        bytes.writeString("xxGET / HTTP/1.1\r\nhost: ")
        bytes.moveReaderIndex(forwardBy: 2)
        bytes.shedSlack()
        #expect(String(buffer: bytes) == "GET / HTTP/1.1\r\nhost: ")
        #expect(bytes.storageCapacity <= 64)
    }

    @Test func `a buffer that is well filled stays as it is`() {
        var bytes = ByteBufferAllocator().buffer(capacity: 1024)
        bytes.writeRepeatingByte(0x78, count: 512)
        bytes.shedSlack()
        #expect(bytes.storageCapacity == 1024)
        #expect(bytes.readableBytes == 512)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What connections of a loop share must not carry anything from one of them to another.

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct LoopContextTests {
    private let loop = LoopContext(eventLoop: EmbeddedEventLoop())

    @Test func `a taken buffer is empty, even if it was used before`() {
        var buffer = loop.takeBuffer()
        #expect(buffer.readableBytes == 0)
        buffer.writeString("secret")
        loop.recycle(buffer)
        let again = loop.takeBuffer()
        #expect(again.readableBytes == 0)
    }

    @Test func `a recycled buffer that is still in use stays what it is`() {
        var buffer = loop.takeBuffer()
        buffer.writeString("on its way")
        loop.recycle(buffer)
        var next = loop.takeBuffer()
        next.writeString("something else")
        #expect(String(buffer: buffer) == "on its way")
        #expect(String(buffer: next) == "something else")
    }

    @Test func `heads are fresh each time, and within each other`() {
        loop.withRequestHead { head in
            head.headers.add("x-a", "1")
            head.keepsAlive = false
            loop.withRequestHead { inner in
                #expect(inner.headers.texts == [])
                inner.headers.add("x-b", "2")
            }
            #expect(head.headers.texts == ["x-a: 1"])
        }
        loop.withRequestHead { head in
            #expect(head.headers.texts == [])
            #expect(head.headers.bytes.isEmpty)
            #expect(head.keepsAlive)
        }
        loop.withResponseHead { head in
            head.status = 500
            loop.withResponseHead { #expect($0.status == 0) }
            #expect(head.status == 500)
        }
        loop.withResponseHead { #expect($0.status == 0) }
    }

    @Test func `a swapped head may be kept beyond the call`() {
        var kept = RequestHead("GET /old", ["host: old"])
        loop.withRequestHead { head in
            head.headers.add("host", "new", known: .host)
            swap(&head, &kept)
        }
        loop.withRequestHead { #expect($0.headers.texts == []) }
        #expect(kept.headers.texts == ["host: new"])
    }

    @Test func `the date is that of the moment`() {
        let text = String(decoding: loop.date, as: UTF8.self)
        #expect(text.utf8.count == 29)
        #expect(text.hasSuffix(" GMT"))
        #expect(loop.date.count == 29)
    }

    @Test func `random numbers do not repeat and use all their bits`() {
        let numbers = (0..<1_000).map { _ in loop.nextRandom() }
        #expect(Set(numbers).count == 1_000)
        #expect(numbers.reduce(0, |) == .max)
        #expect(numbers.reduce(.max, &) == 0)
        #expect(
            LoopContext(eventLoop: EmbeddedEventLoop()).nextRandom()
                != LoopContext(eventLoop: EmbeddedEventLoop()).nextRandom()
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A client that reads slowly is noticed before it fills the memory, and what waits for it leaves in order.

import NIOCore
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct ServerBackpressureTests {
    private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

    private func streaming(_ limits: ServerLimits = ServerLimits()) -> (ServerRig, RecordingHandler) {
        let rig = ServerRig(limits: limits)
        rig.receive(get)
        rig.service.handler(0).begin(.length(1 << 20))
        rig.service.handler(0).stream?.flush()
        rig.transport.forgetWrites()
        return (rig, rig.service.handler(0))
    }

    @Test func `a socket that takes no more means backed up`() {
        let (rig, handler) = streaming()
        #expect(handler.stream?.isBackedUp == false)
        rig.transport.isWritable = false
        #expect(handler.stream?.isBackedUp == true)
        rig.transport.isWritable = true
        #expect(handler.stream?.isBackedUp == false)
    }

    @Test func `more than the limit in hand means backed up`() {
        var limits = ServerLimits()
        limits.bufferedBytes = 100
        let (_, handler) = streaming(limits)
        handler.stream?.sendBody(ByteBuffer(repeating: 0x61, count: 100))
        #expect(handler.stream?.isBackedUp == false)
        handler.stream?.sendBody(ByteBuffer(repeating: 0x61, count: 1))
        #expect(handler.stream?.isBackedUp == true)
        handler.stream?.flush()
        #expect(handler.stream?.isBackedUp == false)
    }

    @Test func `what waits for a slow client leaves in one write when it reads again`() {
        let (rig, handler) = streaming()
        rig.transport.isWritable = false
        for piece in ["one ", "two ", "three"] {
            handler.stream?.sendBody(ByteBuffer(string: piece))
            handler.stream?.flush()
        }
        #expect(rig.sent == "")
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.transport.writes == ["one two three"])
        #expect(rig.transport.unflushedBytes == 0)
        #expect(rig.service.writabilityChanges == 1)
    }

    @Test func `the handler hears of both changes`() {
        let (rig, _) = streaming()
        rig.transport.isWritable = false
        rig.connection.transportWritabilityChanged()
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.service.writabilityChanges == 2)
    }

    @Test func `after the answer nobody is told of writability`() {
        let (rig, handler) = streaming()
        handler.stream?.endResponse()
        rig.connection.transportWritabilityChanged()
        #expect(rig.service.writabilityChanges == 0)
    }

    @Test func `the end of an answer to a blocked client waits for it`() {
        let (rig, handler) = streaming()
        rig.transport.isWritable = false
        handler.stream?.sendBody(ByteBuffer(string: "last"))
        handler.stream?.endResponse()
        #expect(rig.sent == "")
        #expect(!rig.isEnding)
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.sent == "last")
    }

    @Test func `a last answer is handed over whole even if the client is blocked`() {
        let rig = ServerRig()
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        rig.transport.isWritable = false
        rig.service.handler(0).answer()
        #expect(rig.sent == .answer("ok", closing: true))
        #expect(rig.transport.linger == .zero)
    }

    @Test func `a handler may pause and resume its client`() {
        let rig = ServerRig()
        rig.receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        let stream = rig.service.handler(0).stream
        stream?.setReading(false)
        #expect(!rig.transport.isReading)
        stream?.setReading(true)
        #expect(rig.transport.isReading)
    }

    @Test func `a paused client is read again once its answer is complete`() {
        let rig = ServerRig()
        rig.receive("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
        rig.service.handler(0).stream?.setReading(false)
        rig.service.handler(0).answer(closing: true)
        // Otherwise the close of the peer would never be noticed.
        #expect(rig.transport.isReading)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests on their way to an upstream: what is written, when it leaves, and when there is too much of it.

import NIOCore
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ClientRequestTests {
    @Test func `head and body leave in one write when the turn ends`() throws {
        let rig = try ClientRig()
        rig.begin("POST /a", ["host: h", "content-length: 5"], .length(5))
        rig.connection.sendBody(ByteBuffer(string: "hel"))
        rig.connection.sendBody(ByteBuffer(string: "lo"))
        rig.connection.endRequest()
        #expect(rig.transport.writes == [])
        rig.connection.flush()
        #expect(rig.transport.writes == ["POST /a HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello"])
        #expect(rig.transport.unflushedBytes == 0)
    }

    @Test func `chunks are made anew, and only the end of the request writes the last`() throws {
        let rig = try ClientRig()
        rig.begin("POST /a", ["host: h"], .chunked)
        rig.connection.sendBody(ByteBuffer(string: "hello"))
        rig.connection.sendBody(ByteBuffer())
        rig.connection.sendBody(ByteBuffer(string: String(repeating: "x", count: 17)))
        rig.connection.flush()
        let head = "POST /a HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        let chunks = "5\r\nhello\r\n11\r\nxxxxxxxxxxxxxxxxx\r\n"
        #expect(rig.transport.sent == head + chunks)
        rig.connection.endRequest()
        rig.connection.flush()
        #expect(rig.transport.sent == head + chunks + "0\r\n\r\n")
    }

    @Test func `a request without a body has none, whatever is sent`() throws {
        let rig = try ClientRig()
        rig.begin()
        rig.connection.sendBody(ByteBuffer(string: "smuggled"))
        rig.connection.endRequest()
        rig.connection.flush()
        #expect(rig.transport.sent == "GET / HTTP/1.1\r\nhost: h\r\n\r\n")
    }

    @Test func `an abandoned request is never completed`() throws {
        let rig = try ClientRig()
        rig.begin("POST /a", ["host: h"], .chunked)
        rig.connection.sendBody(ByteBuffer(string: "half"))
        rig.connection.flush()
        let sent = rig.transport.sent
        rig.connection.close()
        rig.connection.endRequest()
        rig.connection.flush()
        #expect(rig.transport.isClosed)
        #expect(!sent.contains("0\r\n\r\n"))
        #expect(rig.limits.requests.current == 0)
    }

    // MARK: Connecting

    @Test func `a request waits for its connection and leaves at once with it`() throws {
        let rig = try ClientRig(isConnected: false)
        rig.begin()
        rig.connection.flush()
        #expect(rig.transport.writes == [])
        #expect(rig.connection.heldBytes > 0)
        (rig.transport.isConnected, rig.transport.isWritable) = (true, true)
        rig.connection.transportConnected()
        #expect(rig.transport.writes == ["GET / HTTP/1.1\r\nhost: h\r\n\r\n"])
        #expect(rig.transport.unflushedBytes == 0)
        #expect(rig.events == ["drained"])
    }

    @Test func `64 KiB may wait for a connection, then the client is paused until it is made`() throws {
        let rig = try ClientRig(isConnected: false)
        rig.begin("POST /", ["host: h", "content-length: 1000000"], .length(1_000_000))
        rig.connection.flush()
        #expect(!rig.connection.isBackedUp)
        rig.connection.sendBody(ByteBuffer(repeating: 0x61, count: 64 * 1024))
        rig.connection.flush()
        #expect(rig.connection.isBackedUp)
        #expect(rig.transport.writes == [])
        (rig.transport.isConnected, rig.transport.isWritable) = (true, true)
        rig.connection.transportConnected()
        #expect(rig.events == ["drained"])
        #expect(!rig.connection.isBackedUp)
    }

    @Test func `where a cluster's connections hold less, less waits for one`() throws {
        let rig = try ClientRig(isConnected: false) { $0.bufferedBytes = 1000 }
        rig.begin("POST /", ["host: h", "content-length: 1000000"], .length(1_000_000))
        let head = rig.connection.heldBytes
        rig.connection.sendBody(ByteBuffer(repeating: 0x61, count: 999 - head))
        #expect(!rig.connection.isBackedUp)
        rig.connection.sendBody(ByteBuffer(string: "a"))
        #expect(rig.connection.isBackedUp)
    }

    @Test func `a connection that is made but blocked at once drains later`() throws {
        let rig = try ClientRig(isConnected: false)
        rig.begin("POST /", ["host: h", "content-length: 1000000"], .length(1_000_000))
        rig.connection.sendBody(ByteBuffer(repeating: 0x61, count: 64 * 1024))
        #expect(rig.connection.isBackedUp)
        rig.transport.isConnected = true
        rig.connection.transportConnected()
        #expect(rig.events == [])
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.events == ["drained"])
    }

    @Test(
        arguments: [
            (.couldNotConnect, "failed: connectFailure"), (.connectTimedOut, "failed: connectTimeout"),
        ] as [(TransportEnd, String)]
    )
    func `a connection that cannot be made fails its request`(end: TransportEnd, event: String) throws {
        let rig = try ClientRig(isConnected: false)
        rig.begin()
        rig.connection.transportClosed(end)
        #expect(rig.events == [event])
        #expect(rig.limits.requests.current == 0)
        #expect(rig.counters.destroyed.total == 1)
        #expect(rig.counters.destroyedWithRequest.total == 0, "it waited for the connection, and was never on it")
    }

    // MARK: A slow upstream

    @Test func `a blocked socket means backed up, and its end is told`() throws {
        let rig = try ClientRig()
        rig.begin("POST /", ["host: h", "content-length: 10"], .length(10))
        rig.connection.flush()
        #expect(!rig.connection.isBackedUp)
        rig.transport.isWritable = false
        #expect(rig.connection.isBackedUp)
        rig.connection.transportWritabilityChanged()
        #expect(rig.events == [])
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.events == ["drained"])
        #expect(!rig.connection.isBackedUp)
    }

    @Test func `what waited leaves before the end of the block is told`() throws {
        let rig = try ClientRig()
        rig.begin("POST /", ["host: h", "content-length: 4"], .length(4))
        rig.connection.flush()
        rig.transport.forgetWrites()
        rig.transport.isWritable = false
        rig.connection.sendBody(ByteBuffer(string: "wait"))
        rig.connection.flush()
        #expect(rig.transport.writes == [])
        rig.transport.isWritable = true
        rig.connection.transportWritabilityChanged()
        #expect(rig.transport.writes == ["wait"])
        #expect(rig.transport.unflushedBytes == 0)
        #expect(rig.events == ["drained"])
    }

    @Test func `an idle connection that can be written to tells nobody`() throws {
        let rig = try ClientRig()
        rig.connection.transportWritabilityChanged()
        #expect(rig.events == [])
        #expect(rig.transport.flushes == 0)
    }

    @Test func `held bytes are those in hand and those in the socket`() throws {
        let rig = try ClientRig()
        rig.begin("POST /", ["host: h", "content-length: 100"], .length(100))
        rig.connection.flush()
        #expect(rig.connection.heldBytes == 0)
        rig.transport.isWritable = false
        rig.transport.queuedBytes = 1_000
        rig.connection.sendBody(ByteBuffer(string: "hello"))
        rig.connection.flush()
        #expect(rig.connection.heldBytes == 1_005)
    }
}

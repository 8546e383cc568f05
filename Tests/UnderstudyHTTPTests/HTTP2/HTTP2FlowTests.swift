// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Windows in both directions, and who has to wait when they are shut.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct HTTP2FlowTests {
    /// Streams whose answers have begun; both sides' windows are as at first.
    private func streaming(_ count: Int, _ limits: ServerLimits = ServerLimits()) -> HTTP2ServerRig {
        let rig = HTTP2ServerRig(limits: limits)
        for index in 0..<count {
            rig.receive(.get(UInt32(2 * index + 1)))
            rig.service.handler(index).begin(.chunked)
            rig.service.handler(index).stream?.flush()
        }
        _ = rig.sent
        return rig
    }

    private func piece(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 0x61, count: count) }

    // MARK: What is sent

    @Test func `no more is sent than the client's windows allow`() {
        let rig = streaming(1)
        let stream = rig.service.handler(0).stream
        stream?.sendBody(piece(70_000))
        stream?.endResponse()
        #expect(rig.sent == ["DATA 1 (16384)", "DATA 1 (16384)", "DATA 1 (16384)", "DATA 1 (16383)"])
        rig.receive(.window(1, 10))
        #expect(rig.sent == [])
        rig.receive(.window(0, 10_000))
        #expect(rig.sent == ["DATA 1 aaaaaaaaaa"])
        rig.receive(.window(1, 10_000))
        #expect(rig.sent == ["DATA 1 (4455) end"])
    }

    @Test func `a window of one byte has one byte sent`() {
        let rig = HTTP2ServerRig.answering()
        rig.receive(.settings([(4, 1)]))
        rig.receive(.post(1), .data(1, "x", end: true))
        #expect(rig.sent == ["SETTINGS ack", "HEADERS 1 200, content-length: 1", "DATA 1 1 end"])
    }

    @Test func `a setting changes the windows of streams that are open, below zero, too`() {
        let rig = streaming(1)
        rig.service.handler(0).stream?.sendBody(piece(10))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == ["DATA 1 aaaaaaaaaa"])
        rig.receive(.settings([(4, 5)]))
        rig.service.handler(0).stream?.sendBody(piece(3))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == ["SETTINGS ack"])
        rig.receive(.window(1, 5))
        #expect(rig.sent == [])
        rig.receive(.settings([(4, 7)]))
        #expect(rig.sent == ["SETTINGS ack", "DATA 1 aa"])
    }

    @Test func `of a setting that comes several times the last counts`() {
        let rig = streaming(1)
        rig.receive(.settings([(4, 1), (4, 70_000), (4, 5)]))
        rig.service.handler(0).stream?.sendBody(piece(10))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == ["SETTINGS ack", "DATA 1 aaaaa"])
    }

    @Test func `streams take turns where they share a window`() {
        let rig = streaming(3)
        rig.service.handler(0).stream?.sendBody(piece(65_535))
        _ = rig.sent
        for index in 1...2 { rig.service.handler(index).stream?.sendBody(piece(40_000)) }
        #expect(rig.sent == [])
        rig.receive(.window(0, 50_000))
        #expect(rig.sent == ["DATA 3 (16384)", "DATA 5 (16384)", "DATA 3 (16384)", "DATA 5 (848)"])
    }

    @Test func `trailers wait behind a body that waits`() {
        let rig = streaming(1)
        rig.receive(.settings([(4, 0)]))
        _ = rig.sent
        let stream = rig.service.handler(0).stream
        stream?.sendBody(piece(3))
        stream?.sendTrailers(HeaderBlock(["t: 1"]))
        stream?.endResponse()
        #expect(rig.sent == [])
        rig.receive(.window(1, 3))
        #expect(rig.sent == ["DATA 1 aaa", "HEADERS 1 t: 1 end"])
    }

    @Test func `a stream whose client does not open its window is backed up, and others are not`() {
        var limits = ServerLimits()
        limits.bufferedBytes = 1000
        let rig = streaming(2, limits)
        rig.receive(.settings([(4, 0)]), .window(3, 10_000))
        _ = rig.sent
        let (slow, quick) = (rig.service.handler(0).stream, rig.service.handler(1).stream)
        slow?.sendBody(piece(1000))
        #expect(slow?.isBackedUp == false)
        slow?.sendBody(piece(1))
        #expect(slow?.isBackedUp == true)
        quick?.sendBody(piece(1000))
        quick?.flush()
        #expect(quick?.isBackedUp == false)
        #expect(rig.sent == ["DATA 3 (1000)"])
        #expect(rig.service.writabilityChanges == 0)
        rig.receive(.window(1, 600))
        #expect(rig.service.writabilityChanges == 1)
        #expect(slow?.isBackedUp == false)
    }

    @Test func `many streams together back up those that hold a part of it, and no others`() {
        var limits = ServerLimits()
        limits.bufferedBytes = 1000
        let rig = streaming(6, limits)
        rig.receive(.settings([(4, 0)]))
        for index in 0..<5 { rig.service.handler(index).stream?.sendBody(piece(900)) }
        #expect(rig.service.handler(4).stream?.isBackedUp == true)
        #expect(rig.service.handler(5).stream?.isBackedUp == false)
        rig.service.handler(5).stream?.sendBody(piece(501))
        #expect(rig.service.handler(5).stream?.isBackedUp == true)
        rig.receive(.window(11, 252))
        #expect(rig.service.writabilityChanges == 1)
        #expect(rig.service.handler(5).stream?.isBackedUp == false)
        rig.receive(.reset(1))
        #expect(rig.service.handler(4).stream?.isBackedUp == false)
    }

    @Test func `a socket that takes nothing keeps bodies back`() {
        let rig = streaming(1)
        rig.setWritable(false)
        rig.service.handler(0).stream?.sendBody(piece(20_000))
        rig.service.handler(0).stream?.flush()
        #expect(rig.sent == [])
        #expect(rig.service.handler(0).stream?.isBackedUp == true)
        rig.setWritable(true)
        #expect(rig.sent == ["DATA 1 (16384)", "DATA 1 (3616)"])
        #expect(rig.service.writabilityChanges == 1)
    }

    @Test func `what waits for a stream is gone with it`() {
        let rig = streaming(1)
        rig.receive(.settings([(4, 0)]))
        rig.service.handler(0).stream?.sendBody(piece(50_000))
        #expect(rig.counters.pendingBytes.current == 50_000)
        rig.receive(.reset(1))
        #expect(rig.counters.pendingBytes.current == 0)
    }

    @Test func `last bytes that a client does not take are not kept for ever`() {
        let rig = streaming(1)
        rig.receive(.settings([(4, 0)]))
        _ = rig.sent
        rig.service.handler(0).stream?.sendBody(piece(10))
        rig.service.handler(0).stream?.endResponse()
        rig.pass(.minutes(6))
        #expect(rig.sent == ["RST 1 cancel"])
        #expect(rig.counters.flushTimeouts.current == 1)
    }

    // MARK: What is received

    @Test func `windows are opened again by halves`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1))
        for _ in 0..<7 { rig.receive(.data(1, count: 16384)) }
        #expect(rig.sent == [])
        rig.receive(.data(1, count: 16384))
        #expect(rig.sent == ["WINDOW 1 131072"])
        for _ in 0..<24 { rig.receive(.data(1, count: 16384)) }
        #expect(rig.sent == ["WINDOW 1 131072", "WINDOW 1 131072", "WINDOW 1 131072", "WINDOW 0 524288"])
    }

    @Test func `a stream that is not read is not opened, and holds nobody up`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1), .post(3))
        rig.service.handler(0).stream?.setReading(false)
        for _ in 0..<16 { rig.receive(.data(1, count: 16384)) }
        for _ in 0..<16 { rig.receive(.data(3, count: 16384)) }
        #expect(rig.sent == ["WINDOW 3 131072", "WINDOW 3 131072", "WINDOW 0 524288"])
        rig.service.handler(0).stream?.setReading(true)
        #expect(rig.sent == ["WINDOW 1 262144"])
    }

    @Test func `padding is given back, too`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1))
        for _ in 0..<8 {
            rig.receive(
                WireFrame(kind: 0, flags: WireFrame.padded, id: 1, payload: [255] + Array(repeating: 0, count: 16383))
            )
        }
        #expect(rig.sent == ["WINDOW 1 131072"])
    }

    @Test func `more than a stream's window is an error of the stream`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1))
        rig.service.handler(0).stream?.setReading(false)
        for _ in 0..<17 { rig.receive(.data(1, count: 16384)) }
        #expect(rig.sent == ["RST 1 flow"])
        #expect(rig.events.last == "left")
    }

    @Test func `more than the connection's window is an error of the connection`() {
        let rig = HTTP2ServerRig()
        // What is withheld by streams that are not read counts in the end.
        for index in 0..<21 {
            rig.receive(.post(UInt32(2 * index + 1)))
            rig.service.handler(index).stream?.setReading(false)
            for _ in 0..<16 { rig.receive(.data(UInt32(2 * index + 1), count: 16384)) }
        }
        #expect(rig.sent.last == "GOAWAY 41 flow")
    }

    @Test func `what comes for a stream that is gone opens the connection's window`() {
        let rig = HTTP2ServerRig()
        rig.receive(.post(1))
        rig.service.handler(0).answer(200, "")
        #expect(rig.sent == ["HEADERS 1 200 end", "RST 1 none"])
        for _ in 0..<32 { rig.receive(.data(1, count: 16384)) }
        #expect(rig.sent == ["WINDOW 0 524288"])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Upstreams that end in the middle: wherever that is, half an answer is never told as a whole one, and the connection is
// never used again.

import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ClientFaultTests {
    /// An answer, whose body is `hello` if it has one.
    struct Answer: CustomTestStringConvertible, Sendable {
        var start = "GET /"
        let text: String
        var endsWithClose = false

        var bytes: [UInt8] { Array(text.utf8) }
        /// Of one that only a close ends.
        var headLength: Int { text.utf8.count - "hello".utf8.count }
        var testDescription: String { text.debugDescription }
    }

    static let answers = [
        Answer(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        Answer(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: 1\r\n\r\n"
        ),
        Answer(text: "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nhello", endsWithClose: true),
        Answer(text: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        Answer(text: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
        Answer(start: "HEAD /", text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        Answer(text: "HTTP/1.1 204 No Content\r\n\r\n"),
        Answer(text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ]

    private static let ends: [TransportEnd] = [.closedByPeer, .reset, .writeFailed]

    @Test(arguments: answers, ends)
    func `an end after any byte is told as one`(answer: Answer, end: TransportEnd) throws {
        for count in 0..<answer.bytes.count {
            for isByteByByte in [false, true] {
                let rig = try ClientRig()
                rig.handler.reaction = { moment in if moment == .end { rig.connection.release() } }
                rig.begin(answer.start)
                rig.connection.flush()
                let sent = Array(answer.bytes[..<count])
                if isByteByByte { for byte in sent { rig.receive([byte]) } } else { rig.receive(sent) }
                rig.connection.transportClosed(end)
                check(rig, answer, end, count)
            }
        }
    }

    private func check(_ rig: ClientRig, _ answer: Answer, _ end: TransportEnd, _ count: Int) {
        let place: Comment = "after \(count) bytes: \(rig.events)"
        #expect(rig.pool.idleCount == 0, place)
        let hasHead = answer.endsWithClose && count >= answer.headLength
        if hasHead, end == .closedByPeer {
            #expect(rig.events.last == "end", place)
        } else {
            #expect(rig.events.last?.hasPrefix("failed: ") == true, place)
            #expect(!rig.events.contains { $0.hasPrefix("end") }, place)
        }
        let body = rig.events.first { $0.hasPrefix("body ") }?.dropFirst("body ".count) ?? ""
        #expect("hello".hasPrefix(body), place)
    }

    @Test(arguments: answers)
    func `whatever stands behind a whole answer retires the connection`(answer: Answer) throws {
        guard !answer.endsWithClose else { return }
        for surplus in ["\r\n", "H", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\0"] {
            for isLater in [false, true] {
                let rig = try ClientRig()
                rig.handler.reaction = { moment in if moment == .end { rig.connection.release() } }
                rig.begin(answer.start)
                rig.connection.flush()
                if isLater {
                    rig.receive(answer.text)
                    rig.receive(surplus)
                } else {
                    rig.receive(answer.text + surplus)
                }
                #expect(rig.pool.idleCount == 0, "\(surplus.debugDescription)")
                #expect(rig.events.count { $0.hasPrefix("end") } == 1)
            }
        }
    }

    @Test(arguments: ["\u{0}\u{0}\u{6}\u{4}", "hello", "XTTP/1.1 200", "HTTP/2", "http/1.1", "\r"])
    func `what can be no answer is refused before any line of it ends`(text: String) throws {
        for size in [1, text.utf8.count] {
            let rig = try ClientRig()
            rig.begin("GET /")
            rig.connection.flush()
            rig.receive(Array(text.utf8.prefix(size)))
            if size > 1 || !text.hasPrefix("H") {
                #expect(rig.events.contains("failed: protocolError"), "\(rig.events)")
            }
        }
        let slow = try ClientRig()
        slow.begin("GET /")
        slow.connection.flush()
        for byte in "HTTP/1.".utf8 { slow.receive([byte]) }
        #expect(slow.events.isEmpty)
    }

    @Test func `an answer that ends with the close before its request does is not whole`() throws {
        let rig = try ClientRig()
        rig.begin("POST /", ["host: h", "content-length: 9"], .length(9))
        rig.connection.flush()
        rig.receive("HTTP/1.1 200 OK\r\n\r\nhello")
        rig.connection.transportClosed(.closedByPeer)
        #expect(rig.events == ["200", "body hello", "failed: closed"])
    }
}

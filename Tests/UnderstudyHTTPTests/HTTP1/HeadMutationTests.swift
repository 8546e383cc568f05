// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads damaged at random: none makes the decoder trap, and what it accepts means the same to the next hop.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HeadMutationTests {
    private static let manager = ConnectionManager(
        statPrefix: "s",
        routes: RouteConfiguration(name: "r", virtualHosts: [])
    )
    private static let forwarding = ForwardingRules(manager)
    private static let peer = PeerFacts(remote: NetworkAddress(), local: NetworkAddress(), proxy: [])

    private static let requests = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nContent-Length: 12\r\nConnection: keep-alive, x-a\r\nX-A: 1\r\n\r\n",
        "PUT http://user.example/x HTTP/1.1\r\nX-A:  1 \r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost:\r\nX-Forwarded-For: a\r\nX-Forwarded-For: b\r\nExpect: 100-continue\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nX-Request-Id: r\r\nCookie: a=b; c=d\r\n\r\n",
        "DELETE /\(String(repeating: "long", count: 20)) HTTP/1.1\r\nHost: h\r\nX-Envoy-Retry-On: 5xx\r\nContent-Length: 0\r\n\r\n",
    ]

    private static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: s\r\nDate: now\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nConnection: x-a, close\r\nX-A: 1\r\nX-B:  2 \r\n\r\n",
        "HTTP/1.0 500 Oops\r\nX-A: 1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-Envoy-Upstream-Service-Time: 5\r\n\r\n",
    ]

    private static let fragments = [
        "\r\n", "\n", "\r", " ", "\t", ":", "\u{0}", "\u{7F}", "é", "Host: x\r\n", "Content-Length: 5\r\n",
        "Content-Length: 12\r\n",
        "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Connection: x-a\r\n",
        "Connection: content-length\r\n", ",",
        "/", "?", "#", "@", "[", "]", "http://", "0", "9", "99999999999999999999", "HTTP/1.1", "\r\n ", "\r\n\t",
        "X-B: 1\r\n", ": ",
    ].map { Array($0.utf8) }

    private func damaged(_ text: String, _ dice: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0..<1 + dice.number(below: 4) {
            let place = dice.number(below: bytes.count)
            switch dice.number(below: 6) {
            case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: dice.next())
            case 1 where !bytes.isEmpty: bytes.remove(at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + dice.number(below: 20)))
            case 3:
                let end = min(bytes.count, place + 1 + dice.number(below: 40))
                bytes.insert(contentsOf: bytes[place..<end], at: dice.number(below: bytes.count))
            default: bytes.insert(contentsOf: dice.pick(Self.fragments), at: place)
            }
        }
        return bytes
    }

    private func objections(to head: RequestHead) -> [String] {
        let lines = head.headers.lines
        var objections: [String] = []
        if lines.first?.known != .host { objections.append("the Host is not first") }
        if lines.count(where: { $0.known == .host }) != 1 { objections.append("not one Host") }
        let framings = lines.count { $0.known == .contentLength || $0.known == .transferEncoding }
        if framings > 1 { objections.append("\(framings) framings") }
        for text in head.headers.texts + [head.targetText] {
            let isClean = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            if !isClean { objections.append("a control byte in \(text)") }
        }
        if head.targetText.contains(" ") { objections.append("a space in the target") }
        return objections
    }

    private func encoded(_ head: RequestHead) -> [UInt8] {
        var buffer = ByteBuffer()
        HeadEncoder.write(head, to: &buffer)
        return Array(buffer.readableBytesView)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `an accepted request means the same to the upstream`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var (accepted, refused) = (0, 0)
        for _ in 0..<1_500 {
            let bytes = damaged(dice.pick(Self.requests), &dice)
            var decoder = RequestHeadDecoder()
            var head = RequestHead()
            let whereabouts = "seed \(seed): \(String(decoding: bytes, as: UTF8.self))"
            guard let length = try? decoder.decode(bytes.span, into: &head) else {
                refused += 1
                continue
            }
            #expect(length <= bytes.count)
            #expect(objections(to: head) == [], "\(whereabouts)")
            guard (try? head.sanitise(Self.forwarding, peer: Self.peer, requestID: RequestID(1, 2))) != nil else {
                refused += 1
                continue
            }
            accepted += 1
            let wire = encoded(head)
            guard case .head(let again, let lengthAgain) = DecodedRequest.decode(wire) else {
                Issue.record("the next hop refuses it; \(whereabouts)")
                continue
            }
            #expect(lengthAgain == wire.count, "\(whereabouts)")
            let first = DecodedRequest(head)
            #expect(again.start == first.start, "\(whereabouts)")
            #expect(again.framing == first.framing, "\(whereabouts)")
            #expect(again.lines.filter { !isFraming($0) } == first.lines.filter { !isFraming($0) }, "\(whereabouts)")
            // An upgrade goes on as one, or not at all: whether it may is the route's affair.
            #expect(again.flags.subtracting(head.asksForUpgrade ? [.asksForUpgrade] : []) == [], "\(whereabouts)")
        }
        #expect(accepted > 100 && refused > 100, "seed \(seed): accepted \(accepted), refused \(refused)")
    }

    private func isFraming(_ line: String) -> Bool {
        line.hasPrefix("content-length:") || line.hasPrefix("transfer-encoding:")
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `an accepted answer means the same to the client`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var (accepted, refused) = (0, 0)
        for _ in 0..<1_500 {
            let bytes = damaged(dice.pick(Self.answers), &dice)
            let method = dice.pick([UnderstudyCore.Method.get, .head])
            var decoder = ResponseHeadDecoder()
            var head = ResponseHead()
            let whereabouts = "seed \(seed): \(String(decoding: bytes, as: UTF8.self))"
            guard (try? decoder.decode(bytes.span, answering: method, into: &head)) != .none, head.status >= 200 else {
                refused += 1
                continue
            }
            accepted += 1
            head.addServiceTime(3)
            head.finishForwarding(
                AnswerRules(Self.manager),
                request: RequestHead(),
                origin: RequestOrigin(),
                date: Array("d".utf8)
            )
            var buffer = ByteBuffer()
            let end = HeadEncoder.AnswerEnd(connection: .unsaid, answersHead: method == .head)
            HeadEncoder.write(head, end, to: &buffer)
            guard
                case .head(let again, let length) =
                    DecodedResponse.decode(Array(buffer.readableBytesView), answering: method)
            else {
                Issue.record("the client refuses it; \(whereabouts)")
                continue
            }
            #expect(length == buffer.readableBytes, "\(whereabouts)")
            #expect(again.status == head.status, "\(whereabouts)")
            #expect(again.keepsAlive, "\(whereabouts)")
            #expect(again.framing == (head.framing == .untilClose ? .chunked : head.framing), "\(whereabouts)")
            let lines = head.headers.texts.filter { !isFraming($0) }
            #expect(again.lines.filter { !isFraming($0) } == lines, "\(whereabouts)")
        }
        #expect(accepted > 100 && refused > 100, "seed \(seed): accepted \(accepted), refused \(refused)")
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `bytes without any sense are refused or wait for more`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let bytes = (0..<dice.number(below: 200)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
            if case .head = DecodedRequest.decode(bytes) { Issue.record("seed \(seed): \(bytes)") }
            if case .head = DecodedResponse.decode(bytes) { Issue.record("seed \(seed): \(bytes)") }
        }
    }
}

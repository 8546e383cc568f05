// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// What goes on: primary and mirror are told the same message, framed the same, and the next hop reads it so.

internal import NIOCore
internal import TestSupport
internal import UnderstudyCore

@testable internal import UnderstudyHTTP

extension FuzzTarget {
    package static let forwardedRequest = FuzzTarget(name: "forwarded-request", check: checkRequest) {
        MessageGrammar.request(&$0)
    }

    package static let forwardedAnswer = FuzzTarget(name: "forwarded-answer", check: checkAnswer) {
        MessageGrammar.answer(&$0)
    }

    private static let manager = ConnectionManager(
        statPrefix: "s",
        routes: RouteConfiguration(name: "r", virtualHosts: [])
    )

    /// The plain rules, and those of a proxy at the edge.
    private static let rules: [ForwardingRules] = {
        var edge = manager
        edge.forwarding.usesRemoteAddress = true
        edge.forwarding.via = "edge"
        edge.addsUserAgent = true
        return [ForwardingRules(manager), ForwardingRules(edge, serviceCluster: "c", serviceNode: "n")]
    }()

    private static let peer = PeerFacts(
        remote: NetworkAddress(host: Array("192.0.2.7".utf8), port: 5),
        local: NetworkAddress(host: Array("192.0.2.8".utf8), port: 80),
        proxy: Array("192.0.2.8".utf8)
    )

    // MARK: Requests

    private static func checkRequest(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        for rules in rules {
            var decoder = RequestHeadDecoder()
            var head = RequestHead()
            guard let decoded = try? decoder.decode(bytes.span, into: &head), decoded <= bytes.count,
                (try? head.sanitise(rules, peer: peer, requestID: RequestID(1, 2))) != nil
            else { continue }
            verdict.isAccepted = true
            verdict.expectSound(head)
            let wire = encoded(head)
            expectSameRequest(&verdict, head, wire)
            expectFramedAlike(&verdict, head, wire)
        }
        return verdict
    }

    private static func expectSameRequest(_ verdict: inout Verdict, _ head: borrowing RequestHead, _ wire: [UInt8]) {
        let sent = RequestFacts(head)
        guard case .head(let read, let length) = RequestFacts.read(wire) else {
            // A tunnel's authority is not the next hop's path, and its bytes are no body.
            verdict.expect(false, "the next hop refuses \(wire.quoted)")
            return
        }
        verdict.expect(length == wire.count, "the next hop reads \(length) of \(wire.quoted)")
        verdict.expect(read.method == sent.method && read.target == sent.target, "another request: \(wire.quoted)")
        verdict.expect(read.framing == sent.framing, "framed otherwise: \(wire.quoted)")
        let (mine, theirs) = (sent.lines.filter { !isFraming($0) }, read.lines.filter { !isFraming($0) })
        verdict.expect(mine == theirs, "other lines: \(mine), \(theirs)")
        // An upgrade goes on as one, or not at all: whether it may is the route's affair.
        guard !head.asksForUpgrade else { return }
        verdict.expect(read.flags == [false, true, false, false, false, false, false], "flags: \(wire.quoted)")
        let ending = ["connection:", "keep-alive:", "proxy-connection:", "upgrade:"]
        for line in theirs { verdict.expect(!ending.contains { line.hasPrefix($0) }, "goes on: \(line)") }
    }

    /// A copy's head is the primary's but for Host and the two lines that every copy has.
    private static func expectFramedAlike(_ verdict: inout Verdict, _ head: borrowing RequestHead, _ wire: [UInt8]) {
        for host in [MirrorRule.Host.suffixed, .unchanged, .literal(Array("other".utf8))] {
            var mirror = RequestHead()
            mirror.copy(head)
            mirror.becomeMirror(host: host, localAddress: Array("192.0.2.8".utf8))
            let copy = encoded(mirror)
            verdict.expect(ownLines(copy) == ownLines(wire), "the copy differs: \(copy.quoted), not \(wire.quoted)")
            verdict.expect(mirror.headers.lines.count { $0.known == .envoyInternal } == 1, "marked: \(copy.quoted)")
            guard case .suffixed = host else { continue }
            verdict.expect(isSuffixed(mirror.hostText, head.hostText), "\(mirror.hostText) for \(head.hostText)")
        }
    }

    /// Start line and lines, without those in which copies differ.
    private static func ownLines(_ wire: [UInt8]) -> [[UInt8]] {
        let names = ["host: ", "x-envoy-internal: ", "x-forwarded-for: "].map { Array($0.utf8) }
        return wire.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
            .filter { line in !names.contains { line.starts(with: $0) } }
    }

    private static func encoded(_ head: borrowing RequestHead) -> [UInt8] {
        var buffer = ByteBuffer()
        HeadEncoder.write(head, to: &buffer)
        return Array(buffer.readableBytesView)
    }

    // MARK: Answers

    private static func checkAnswer(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        for method in [Method.get, .head] {
            var decoder = ResponseHeadDecoder()
            var head = ResponseHead()
            guard let decoded = try? decoder.decode(bytes.span, answering: method, into: &head),
                decoded <= bytes.count, head.status >= 200
            else { continue }
            verdict.isAccepted = true
            head.addServiceTime(3)
            head.finishForwarding(
                AnswerRules(manager),
                request: RequestHead(),
                origin: RequestOrigin(),
                date: Array("d".utf8)
            )
            for connection in [HeadEncoder.AnswerEnd.Connection.unsaid, .closes] {
                expectSameAnswer(&verdict, head, method, connection)
            }
        }
        return verdict
    }

    private static func expectSameAnswer(
        _ verdict: inout Verdict,
        _ head: borrowing ResponseHead,
        _ method: Method,
        _ connection: HeadEncoder.AnswerEnd.Connection
    ) {
        var buffer = ByteBuffer()
        let end = HeadEncoder.AnswerEnd(connection: connection, answersHead: method == .head)
        HeadEncoder.write(head, end, to: &buffer)
        let wire = Array(buffer.readableBytesView)
        guard case .head(let read, let length) = AnswerFacts.read(wire, answering: method) else {
            verdict.expect(false, "the client refuses \(wire.quoted)")
            return
        }
        verdict.expect(length == wire.count, "the client reads \(length) of \(wire.quoted)")
        verdict.expect(read.status == head.status, "another status: \(wire.quoted)")
        verdict.expect(read.keepsAlive == (connection != .closes), "keeps alive: \(wire.quoted)")
        let framing = head.framing == .untilClose ? .chunked : head.framing
        verdict.expect(read.framing == framing, "framed otherwise: \(wire.quoted)")
        let lines = head.headers.texts.filter { !isFraming($0) }
        let theirs = read.lines.filter { !isFraming($0) && $0 != "connection: close" }
        verdict.expect(theirs == lines, "other lines: \(wire.quoted)")
    }
}

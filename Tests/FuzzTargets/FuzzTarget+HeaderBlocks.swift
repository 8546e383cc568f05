// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Header blocks of HTTP/2: what is a message is the same message in HTTP/1.1, and all that is held is bounded.

internal import NIOCore
internal import TestSupport
internal import UnderstudyCore

@testable internal import UnderstudyHTTP

extension FuzzTarget {
    package static let headerBlocks = FuzzTarget(name: "header-block", check: checkBlock) { FieldGrammar.block(&$0) }

    private static func checkBlock(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        var decoder = HPACKDecoder(tableBytes: 4096)
        guard let section = decode(bytes, &decoder) else { return verdict }
        verdict.expect(section.headers.bytes.count <= MessageLimits().headBytes, "more held than allowed")
        verdict.expectSound(section.headers, length: MessageLimits().headBytes, MessageLimits())
        checkLimits(bytes, &verdict)
        for endsStream in [true, false] {
            checkRequest(section, endsStream: endsStream, &verdict)
            for method in [Method.get, .head, .connect] {
                checkAnswer(section, endsStream: endsStream, method, &verdict)
            }
            var trailers = section
            if let lines = try? trailers.makeTrailers() {
                let isPlain = !lines.texts.contains { isFraming($0) || $0.hasPrefix("host:") }
                verdict.expect(isPlain, "trailers that frame or route")
            }
        }
        return verdict
    }

    /// The same block twice on one connection, in used memory.
    private static func decode(_ bytes: [UInt8], _ decoder: inout HPACKDecoder) -> FieldSection? {
        var section = FieldSection()
        do {
            try decoder.decode(bytes.span, limits: MessageLimits(), into: &section)
            _ = try? decoder.decode(bytes.span, limits: MessageLimits(), into: &section)
            var fresh = HPACKDecoder(tableBytes: 4096)
            try fresh.decode(bytes.span, limits: MessageLimits(), into: &section)
            return section
        } catch {
            return nil
        }
    }

    private static func checkLimits(_ bytes: [UInt8], _ verdict: inout Verdict) {
        var limits = MessageLimits()
        limits.headBytes = 120
        limits.headerLines = 2
        var decoder = HPACKDecoder(tableBytes: 4096)
        var section = FieldSection()
        guard (try? decoder.decode(bytes.span, limits: limits, into: &section)) != nil else { return }
        verdict.expect(section.headers.bytes.count <= 120, "more held than a small limit allows")
        verdict.expect(section.headers.lines.count <= 2, "more lines than a small limit allows")
    }

    private static func checkRequest(_ section: FieldSection, endsStream: Bool, _ verdict: inout Verdict) {
        guard let head = request(section, endsStream: endsStream) else { return }
        verdict.isAccepted = true
        verdict.expectSound(head)
        verdict.expect(section.fault == nil && !section.isTooLarge, "a faulty section makes a request")
        verdict.expect(endsStream == (head.framing == .none) || head.isTunnel, "the end and the framing differ")
        // To another HTTP/2 connection and out of it again.
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(tableBytes: 4096)
        for turn in 1...3 {
            var block = ByteBuffer()
            encoder.encodeRequest(
                head,
                scheme: head.saysHTTPS ? .https : .http,
                isExtendedConnect: head.asksForUpgrade,
                into: &block
            )
            var again = FieldSection()
            try? decoder.decode(block.readableBytesUInt8Span, limits: MessageLimits(), into: &again)
            let received = request(again, endsStream: endsStream).map(facts) ?? ["nothing"]
            verdict.expect(received == facts(head), "turn \(turn): \(received), not \(facts(head))")
        }
        // To HTTP/1.1, whose decoder has no words for some methods.
        guard head.method != .other else { return }
        var wire = ByteBuffer()
        HeadEncoder.write(head, opensTunnel: head.isTunnel, to: &wire)
        var decoded = RequestHead()
        var http1 = RequestHeadDecoder()
        let length = try? http1.decode(wire.readableBytesUInt8Span, into: &decoded)
        verdict.expect(length == wire.readableBytes, "HTTP/1.1 refuses \(Array(wire.readableBytesView).quoted)")
        guard length != nil else { return }
        verdict.expect(facts(decoded) == facts(head), "in HTTP/1.1 it is \(facts(decoded)), not \(facts(head))")
        verdict.expect(decoded.framing.isSame(as: head.framing), "\(decoded.framing), not \(head.framing)")
    }

    private static func request(_ section: FieldSection, endsStream: Bool) -> RequestHead? {
        var section = section
        var head = RequestHead()
        do {
            try section.makeRequest(&head, endsStream: endsStream, rules: HeadRules(), allowsConnectProtocol: true)
            return head
        } catch {
            return nil
        }
    }

    /// What the next hop acts on, without the lines that only its own connection needs.
    private static func facts(_ head: RequestHead) -> [String] {
        let lines = head.headers.texts.filter {
            !isFraming($0) && !$0.hasPrefix("http2-settings:") && !$0.hasPrefix("te: trailers,")
        }
        return [head.methodText, head.targetText, "\(head.asksForUpgrade)"] + cookiesLast(lines)
    }

    private static func cookiesLast(_ lines: [String]) -> [String] {
        let last = lines.filter { $0.hasPrefix("cookie:") || $0.hasPrefix("upgrade:") || $0.hasPrefix("connection:") }
        return lines.filter { !last.contains($0) } + last.sorted()
    }

    private static func checkAnswer(
        _ section: FieldSection,
        endsStream: Bool,
        _ method: Method,
        _ verdict: inout Verdict
    ) {
        var section = section
        var head = ResponseHead()
        guard (try? section.makeResponse(&head, endsStream: endsStream, answering: method)) != nil else { return }
        verdict.isAccepted = true
        verdict.expect((100...999).contains(head.status) && head.status != 101, "a status of \(head.status)")
        let isFramedOnce = head.headers.texts.count(where: isFraming) <= 1
        verdict.expect(isFramedOnce, "several framings: \(head.headers.texts)")
        guard !head.isInterim, method != .connect else { return }
        var wire = ByteBuffer()
        HeadEncoder.write(head, HeadEncoder.AnswerEnd(connection: .unsaid, answersHead: method == .head), to: &wire)
        var decoded = ResponseHead()
        var http1 = ResponseHeadDecoder()
        let length = try? http1.decode(wire.readableBytesUInt8Span, answering: method, into: &decoded)
        verdict.expect(length == wire.readableBytes, "HTTP/1.1 refuses \(Array(wire.readableBytesView).quoted)")
        guard length != nil else { return }
        let lines = head.headers.texts.filter { !isFraming($0) }
        verdict.expect(decoded.headers.texts.filter { !isFraming($0) } == lines, "other lines in HTTP/1.1")
        verdict.expect(decoded.framing.isSame(as: head.framing), "\(decoded.framing), not \(head.framing)")
    }
}

extension RequestHead {
    /// Raw bytes follow, whatever the framing says.
    fileprivate var isTunnel: Bool { method == .connect || asksForUpgrade }
}

extension BodyFraming {
    /// HTTP/1.1 needs no end behind a body without bytes.
    fileprivate func isSame(as other: BodyFraming) -> Bool {
        self == other || self == .none && other == .length(0)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Heads as they are decoded: cut anywhere, in used memory, under any rules, and never larger than they came.

internal import TestSupport
internal import UnderstudyCore
internal import UnderstudyHTTP

extension FuzzTarget {
    package static let requestHead = FuzzTarget(name: "request-head", check: checkRequestHead) {
        MessageGrammar.request(&$0)
    }

    package static let responseHead = FuzzTarget(name: "response-head", check: checkResponseHead) {
        MessageGrammar.answer(&$0)
    }

    /// The rules of listeners that differ in what they accept.
    private static var variants: [HeadRules] {
        var lenient = HeadRules()
        lenient.acceptsHTTP10 = true
        lenient.hasDefaultHost = true
        lenient.keepsNames = true
        lenient.underscores = .drop
        var strict = HeadRules()
        strict.underscores = .reject
        strict.limits.headBytes = 96
        strict.limits.headerLines = 3
        return [HeadRules(), lenient, strict]
    }

    private static func checkRequestHead(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        for (index, rules) in variants.enumerated() {
            let whole = RequestFacts.read(bytes, rules)
            expectNoDifference(&verdict, bytes, whole) { RequestFacts.read($0, rules) }
            guard case .head(let facts, let length) = whole else { continue }
            verdict.isAccepted = true
            verdict.expect(isEnd(length, of: bytes), "rules \(index): the head does not end with an empty line")
            var decoder = RequestHeadDecoder()
            var head = RequestHead()
            _ = try? decoder.decode(Array(usedMemory.utf8).span, rules, into: &head)
            head.reset()
            _ = try? decoder.decode(bytes.span, rules, into: &head)
            verdict.expect(RequestFacts(head) == facts, "rules \(index): used memory makes another head")
            verdict.expectSound(head)
            verdict.expectSound(head.headers, length: length, rules.limits)
        }
        return verdict
    }

    private static func checkResponseHead(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        for method in [Method.get, .head, .connect] {
            let whole = AnswerFacts.read(bytes, answering: method)
            expectNoDifference(&verdict, bytes, whole) { AnswerFacts.read($0, answering: method) }
            guard case .head(let facts, let length) = whole else { continue }
            verdict.isAccepted = true
            verdict.expect(isEnd(length, of: bytes), "the head does not end with an empty line")
            verdict.expect((100...999).contains(facts.status), "a status of \(facts.status)")
            verdict.expect(facts.lines.count(where: isFraming) <= 1, "several framings: \(facts.lines)")
            var decoder = ResponseHeadDecoder()
            var head = ResponseHead()
            _ = try? decoder.decode(bytes.span, answering: method, into: &head)
            verdict.expectSound(head.headers, length: length, MessageLimits())
        }
        return verdict
    }

    private static let usedMemory =
        "POST http://o/p HTTP/1.1\r\nHost: h\r\nConnection: upgrade, x\r\nUpgrade: w\r\n\r\n"

    private static func isEnd(_ length: Int, of bytes: [UInt8]) -> Bool {
        length <= bytes.count && length >= 4 && bytes[length - 4..<length].elementsEqual([0x0D, 0x0A, 0x0D, 0x0A])
    }

    /// Every beginning waits for more until the end has come or the reason to refuse; what follows does not matter.
    private static func expectNoDifference<Head>(
        _ verdict: inout Verdict,
        _ bytes: [UInt8],
        _ whole: Reading<Head>,
        _ read: ([UInt8]) -> Reading<Head>
    ) {
        var isDecided = false
        for cut in cuts(of: bytes) {
            let part = read(Array(bytes[..<cut]))
            verdict.expect(part == whole || part == .incomplete && !isDecided, "cut at \(cut): \(part), not \(whole)")
            if case .head(_, let length) = whole {
                verdict.expect((part == whole) == (cut >= length), "cut at \(cut)")
            }
            isDecided = isDecided || part != .incomplete
        }
        guard whole != .incomplete else { return }
        verdict.expect(read(bytes + [0x0D, 0x58, 0x00]) == whole, "what follows matters")
    }
}

extension FuzzTarget.Verdict {
    /// What every part of the proxy relies on.
    mutating func expectSound(_ head: borrowing RequestHead) {
        let lines = head.headers.lines
        expect(lines.first?.known == .host, "the Host is not first")
        expect(lines.count { $0.known == .host } == 1, "not one Host")
        expect(head.headers.texts.count(where: isFraming) <= 1, "several framings")
        let target = head.targetText
        expect(target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "the target \(target)")
        let isPath = target.hasPrefix("/") || target == "*" && head.method == .options
        expect(isPath || head.method == .connect, "the target \(target)")
        expect(!head.isHTTP10 || head.framing != .chunked, "chunks of HTTP/1.0")
    }

    /// Lines are whole, clean and no more than came in.
    mutating func expectSound(_ headers: borrowing HeaderBlock, length: Int, _ limits: MessageLimits) {
        expect(headers.lines.count <= limits.headerLines + 1, "\(headers.lines.count) lines")
        expect(length <= limits.headBytes, "\(length) bytes")
        expect(headers.bytes.count <= 4 * length + 64, "\(headers.bytes.count) bytes held for \(length)")
        for line in headers.lines {
            let bytes = headers.bytes[line.wire]
            expect(bytes.suffix(2).elementsEqual([0x0D, 0x0A]), "a line without an end")
            let isClean = bytes.dropLast(2).allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            expect(isClean, "a control byte in \(headers.text(line.wire))")
            let name = headers.text(line.name)
            expect(!name.isEmpty && name.lowercased() == name && !name.contains(" "), "the name \(name)")
        }
    }
}

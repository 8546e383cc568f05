// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// The first words of TLS: cut anywhere they come to the same, and no more is read of them than there is.

internal import TestSupport

@testable internal import UnderstudyHTTP

extension FuzzTarget {
    package static let clientHello = FuzzTarget(name: "client-hello", check: checkHello) { HelloGrammar.records(&$0) }

    package static let serverHello = FuzzTarget(name: "server-hello", check: checkAnswer) { HelloGrammar.answer(&$0) }

    private static func checkHello(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        let whole = ClientHello.read(bytes.span)
        for cut in cuts(of: bytes) {
            let begin = Array(bytes[..<cut])
            let part = ClientHello.read(begin.span)
            // What is known of a part is known of the whole.
            verdict.expect(part == .needsMore || part == whole, "cut at \(cut): \(part) and then \(whole)")
        }
        let more = bytes + [0x17, 3, 3, 0, 1, 0]
        let longer = ClientHello.read(more.span)
        verdict.expect(whole == .needsMore || longer == whole, "what follows matters")
        guard case .hello(let hello) = whole else { return verdict }
        verdict.isAccepted = true
        verdict.expect(hello.serverName == hello.serverName.lowercased(), "upper case in \(hello.serverName)")
        verdict.expect(hello.serverName.utf8.count <= 255, "a name of \(hello.serverName.utf8.count)")
        verdict.expect(hello.serverName.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "the name \(hello.serverName)")
        verdict.expect(!hello.applicationProtocols.contains(""), "an empty protocol")
        return verdict
    }

    private static func checkAnswer(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        let whole = ServerHello.read(bytes.span)
        for cut in cuts(of: bytes) {
            let begin = Array(bytes[..<cut])
            let part = ServerHello.read(begin.span)
            verdict.expect(part == .needsMore || part == whole, "cut at \(cut): \(part) and then \(whole)")
            var reader = ServerHello.Reader()
            guard reader.read(begin.span) == .needsMore else { continue }
            let rest = reader.read(Array(bytes[cut...]).span)
            verdict.expect(rest == whole, "in two pieces, cut at \(cut): \(rest), at once \(whole)")
        }
        guard case .hello(let hello) = whole else { return verdict }
        verdict.isAccepted = true
        verdict.expect(hello.sessionID.count <= 255, "a session of \(hello.sessionID.count)")
        return verdict
    }
}

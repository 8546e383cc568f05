// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// The header that names a mirror's cluster: only the exact name of one that exists is anything.

internal import TestSupport
internal import UnderstudyCore
internal import UnderstudyHTTP

extension FuzzTarget {
    package static let clusterHeader = FuzzTarget(name: "cluster-header", check: checkValue, generate: makeValue)

    private static let names = [
        "primary", "service1-mirror", "a,b", "a b", "A", "é", String(repeating: "x", count: 300),
    ]
    private static let clusters = NameTable(
        names.enumerated().map { (name: Array($0.element.utf8), value: $0.offset) }
    )
    private static let rule = MirrorRule(MirrorPolicy(cluster: .header("X-Mirror")), clusters: clusters)

    /// What stands behind the header's name, up to any bytes that follow.
    private static func checkValue(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        let wire = Array("GET / HTTP/1.1\r\nHost: h\r\nX-Mirror:".utf8) + bytes + Array("\r\n\r\n".utf8)
        var decoder = RequestHeadDecoder()
        var head = RequestHead()
        guard let length = try? decoder.decode(wire.span, into: &head), length > 0 else { return verdict }
        // The value may hold a whole further line; the first line of the name counts.
        guard let line = head.headers.lines.first(where: { head.headers.text($0.name) == "x-mirror" }) else {
            return verdict
        }
        let value = Array(head.headers.bytes[line.value])
        let expected = names.firstIndex { Array($0.utf8) == value }
        verdict.isAccepted = expected != nil
        let decision = rule.decide(head, clusters: clusters, random: 0)
        switch decision {
        case .success(let index): verdict.expect(index == expected, "cluster \(index) for \(value.quoted)")
        case .failure(let outcome):
            verdict.expect(expected == nil && outcome == .unknownCluster, "\(outcome) for \(value.quoted)")
        }
        var copy = RequestHead()
        copy.copy(head)
        verdict.expect(rule.decide(copy, clusters: clusters, random: .max) == decision, "a copy names another cluster")
        return verdict
    }

    private static func makeValue(_ dice: inout SeededGenerator) -> [UInt8] {
        var value = Array(dice.pick(names).utf8)
        if dice.chance(percent: 50) { value = MessageGrammar.mutator.damage(value, &dice) }
        let blanks = ["", " ", "  ", "\t"]
        return Array(dice.pick(blanks).utf8) + value + Array(dice.pick(blanks + ["\r\nX-Mirror: primary"]).utf8)
    }
}

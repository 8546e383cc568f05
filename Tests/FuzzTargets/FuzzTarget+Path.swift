// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// One spelling for every path: settled once, it stays.

internal import TestSupport
internal import UnderstudyCore

extension FuzzTarget {
    package static let path = FuzzTarget(name: "path", check: checkPath, generate: makePath)

    private static let options: [PathOptions] = {
        var all: [PathOptions] = []
        for (normalizes, merges) in [(false, true), (true, false), (true, true)] {
            for slashes in [.keep, .reject, .unescapeAndForward] as [PathOptions.EscapedSlashes] {
                var options = PathOptions()
                options.normalizes = normalizes
                options.mergesSlashes = merges
                options.escapedSlashes = slashes
                all.append(options)
            }
        }
        return all
    }()

    /// The target of a request, as far as a decoder lets it through.
    private static func checkPath(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        guard bytes.first == 0x2F, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else { return verdict }
        let target = String(decoding: bytes, as: UTF8.self)
        for options in options { check(target, options, &verdict) }
        return verdict
    }

    private static func check(_ target: String, _ options: PathOptions, _ verdict: inout Verdict) {
        var head = RequestHead("GET \(target)", ["host: h"])
        let result = head.normalisePath(options)
        guard result != .reject else { return }
        verdict.isAccepted = true
        let settled = head.targetText
        let story = "\(target) -> \(settled), \(options)"
        verdict.expect((result == .unchanged) == (settled == target), "changed or not: \(story)")
        verdict.expect(settled.hasPrefix("/"), "no path: \(story)")
        verdict.expect(settled.utf8.count <= 3 * target.utf8.count, "longer: \(story)")
        verdict.expect(query(settled) == query(target), "another query: \(story)")
        var again = RequestHead("GET \(settled)", ["host: h"])
        verdict.expect(again.normalisePath(options) == .unchanged, "not settled: \(story) -> \(again.targetText)")
        let path = settled.prefix { $0 != "?" }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if options.normalizes {
            verdict.expect(!path.contains("\\"), "a backslash: \(story)")
            verdict.expect(!segments.contains { $0 == "." || $0 == ".." }, "dots: \(story)")
        }
        if options.mergesSlashes { verdict.expect(!path.dropFirst().contains("//"), "two slashes: \(story)") }
        guard options.escapedSlashes != .keep else { return }
        verdict.expect(!path.lowercased().contains("%2f"), "an escaped slash: \(story)")
    }

    private static func query(_ target: String) -> Substring { target.drop { $0 != "?" } }

    private static func makePath(_ dice: inout SeededGenerator) -> [UInt8] {
        let pieces = [
            "/", "/", "/", ".", "..", "a", ";", ";x", "%2e", "%2E", "%2f", "%5c", "\\", "%41", "%", "%00", "~", "{",
            "%25",
            "2f", "5", "c", "?", "=",
        ]
        return Array(("/" + dice.text(pieces, below: 12)).utf8)
    }
}

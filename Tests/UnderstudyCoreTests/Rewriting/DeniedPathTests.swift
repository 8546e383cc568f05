// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// No spelling of a path gets past a route that its plain spelling would not get past.

import TestSupport
import Testing
import UnderstudyCore

struct DeniedPathTests {
    /// Spells a path in some other way that means the same to some server.
    private struct Speller {
        var dice: SeededGenerator

        mutating func spelling(of path: String) -> String {
            // What does not begin with a slash is no path, and refused before.
            let start = "/" + (dice.chance(percent: 50) ? separator() : "")
            return start + path.utf8.dropFirst().map { $0 == 0x2F ? separator() : character($0) }.joined()
        }

        private mutating func character(_ byte: UInt8) -> String {
            guard dice.chance(percent: 30) else { return String(UnicodeScalar(byte)) }
            return "%" + String(byte, radix: 16, uppercase: dice.chance(percent: 50))
        }

        /// One slash and whatever can be put around it without going anywhere.
        private mutating func separator() -> String {
            var text = slash()
            for _ in 0..<dice.number(below: 3) where dice.chance(percent: 50) {
                switch dice.number(below: 3) {
                case 0: text += slash()
                case 1: text += dot() + parameters() + slash()
                default:
                    // One slash only: dots take back the empty name between two (RFC 3986 section 5.2.4).
                    text += dice.pick(["x", "...", "x;y", "%41", "a.", "~"]) + dice.pick(["/", "\\", "%2f", "%5C"])
                    text += dot() + dot() + parameters() + slash()
                }
            }
            return text
        }

        private mutating func slash() -> String {
            dice.pick(["/", "/", "//", "\\", "%2f", "%2F", "%5c", "%5C", "/\\"])
        }

        private mutating func dot() -> String { dice.pick([".", ".", "%2e", "%2E"]) }
        private mutating func parameters() -> String { dice.pick(["", "", ";", ";a=b", ";.", "%3b", "%3Bx"]) }
    }

    private static func all(_ slashes: PathOptions.EscapedSlashes = .unescapeAndForward) -> PathOptions {
        var options = PathOptions()
        options.normalizes = true
        options.mergesSlashes = true
        options.escapedSlashes = slashes
        return options
    }

    /// `/denied` goes nowhere, everything else does.
    private static let table = RouteTable(
        RouteConfiguration(
            name: "r",
            virtualHosts: [
                VirtualHost(
                    name: "v",
                    domains: ["*"],
                    routes: [
                        Route(
                            match: RouteMatch(path: .prefix("/denied")),
                            action: .direct(DirectResponse(status: 403))
                        ),
                        Route(match: .prefix("/"), action: RouteAction(cluster: .name("c"), timeout: .seconds(15))),
                    ]
                )
            ]
        ),
        clusters: NameTable([(name: Array("c".utf8), value: 0)])
    )

    private static func isDenied(_ head: RequestHead) -> Bool {
        guard case .direct = table.route(for: head)?.action else { return false }
        return true
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `every spelling takes the route of the plain one, and that is what goes on`(seed: UInt64) {
        var speller = Speller(dice: SeededGenerator(seed: seed))
        for path in ["/denied", "/denied/x", "/denied.d/e-f_g~h", "/open", "/open/denied", "/a/b/c"] {
            for _ in 0..<400 {
                let target = speller.spelling(of: path)
                var head = RequestHead("GET \(target)?q=/../%2e", ["host: h"])
                _ = head.normalisePath(Self.all())
                #expect(head.targetText == path + "?q=/../%2e", "seed \(seed): \(target)")
                #expect(Self.isDenied(head) == path.hasPrefix("/denied"), "seed \(seed): \(target)")
            }
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `where escaped slashes are refused, the rest is refused or settled`(seed: UInt64) {
        var speller = Speller(dice: SeededGenerator(seed: seed))
        for _ in 0..<2_000 {
            let target = speller.spelling(of: "/denied/x")
            var head = RequestHead("GET \(target)", ["host: h"])
            let lower = target.lowercased()
            let hasSlashes = lower.contains("%2f") || lower.contains("%5c")
            #expect((head.normalisePath(Self.all(.reject)) == .reject) == hasSlashes, "seed \(seed): \(target)")
            #expect(hasSlashes || head.targetText == "/denied/x", "seed \(seed): \(target)")
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `a settled path is settled, whatever it was`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let pieces = [
            "/", "/", ".", "..", "a", ";", "%2e", "%2E", "%2f", "%5c", "\\", "%41", "%", "%%", "2", "e", "%25", "2e",
            "%252e", "%3b",
            "{", "%00", "~", "denied", "%c0%ae",
        ]
        for _ in 0..<4_000 {
            let target = "/" + (0..<dice.number(below: 14)).map { _ in dice.pick(pieces) }.joined()
            for slashes in [PathOptions.EscapedSlashes.keep, .reject, .unescapeAndForward, .unescapeAndRedirect] {
                var head = RequestHead("GET \(target)", ["host: h"])
                guard head.normalisePath(Self.all(slashes)) != .reject else { continue }
                let once = head.targetText
                #expect(head.normalisePath(Self.all(slashes)) == .unchanged, "seed \(seed): \(target) \(once)")
                #expect(head.targetText == once, "seed \(seed): \(target)")
            }
        }
    }

    @Test(arguments: ["/%00denied", "/denied%00", "/x/../%00/denied", "/%2500/%00", "/denied%2f%00"])
    func `a zero byte is refused in every spelling`(target: String) {
        var head = RequestHead("GET \(target)", ["host: h"])
        #expect(head.normalisePath(Self.all()) == .reject)
    }

    /// They are other paths, and no server may decode twice what was routed on.
    @Test(arguments: ["/%2564enied", "/%252e%252e/denied", "/x/%252e%252e%252fdenied", "/%255cdenied"])
    func `what is escaped twice stays escaped`(target: String) {
        var head = RequestHead("GET \(target)", ["host: h"])
        #expect(head.normalisePath(Self.all()) == .unchanged)
        #expect(head.targetText == target)
        #expect(!Self.isDenied(head))
    }
}

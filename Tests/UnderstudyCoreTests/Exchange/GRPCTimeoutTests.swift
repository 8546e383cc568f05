// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The time that a gRPC client gives, and what routes make of it: every row measured on Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct GRPCTimeoutTests {
    private func head(_ timeout: String?, type: String = "application/grpc") -> RequestHead {
        RequestHead("POST /", ["host: h", "content-type: \(type)"] + (timeout.map { ["grpc-timeout: \($0)"] } ?? []))
    }

    private func forward(_ change: (inout RouteAction) -> Void) -> Forward {
        var action = RouteAction(cluster: .name("c"))
        change(&action)
        return Forward(
            action,
            matcher: PathMatcher(.prefix("/")),
            clusters: NameTable([(name: Array("c".utf8), value: 0)])
        )
    }

    private func rule(_ maximum: Int, _ offset: Int = 0) -> GRPCTimeoutRule {
        var rule = GRPCTimeoutRule(maximum: .milliseconds(maximum))
        rule.offset = .milliseconds(offset)
        return rule
    }

    @Test(
        arguments: [
            ("1H", 3_600_000), ("2M", 120_000), ("3S", 3_000), ("4m", 4), ("900000u", 900), ("100n", 1), ("0m", 0),
            ("99999999H", 1 << 40), ("", nil), ("m", nil), ("5", nil), ("5x", nil), ("-5m", nil), ("123456789m", nil),
            ("junk", nil), ("1 m", nil),
        ] as [(String, Int64?)]
    )
    func `a time is read`(text: String, milliseconds: Int64?) {
        #expect(head(text).grpcTimeout == milliseconds)
    }

    @Test(
        arguments: [
            (0, "0m"), (1_300, "1300m"), (99_999_999, "99999999m"), (100_000_000, "100000S"),
            (5_999_999_940_000, "99999999M"), (6_000_000_000_000, "1666666H"), (Int64.max, "99999999H"), (-1, "0m"),
        ] as [(Int64, String)]
    )
    func `a time is written in the first unit that eight digits are enough for`(milliseconds: Int64, text: String) {
        for given in [nil, "7S"] {
            var head = head(given)
            head.setGRPCTimeout(milliseconds: milliseconds)
            #expect(head.headers.texts.filter { $0.hasPrefix("grpc-timeout") } == ["grpc-timeout: \(text)"])
        }
    }

    @Test(
        arguments: [
            ("500m", 1_000, 0, 500), ("5S", 1_000, 0, 1_000), (nil, 1_000, 0, 1_000), (nil, 0, 0, 0),
            ("1300m", 0, 0, 1_300), ("900m", 1_000, 300, 600), ("800m", 1_000, 900, 800), ("junk", 1_000, 0, 1_000),
            ("0m", 1_000, 0, 1_000),
        ] as [(String?, Int, Int, Int64)]
    )
    func `the time of a call takes the place of the route's`(given: String?, maximum: Int, offset: Int, time: Int64) {
        let forward = forward { $0.grpcTimeout = rule(maximum, offset) }
        #expect(forward.grpcTimeout(for: head(given)) == time)
        #expect(forward.grpcTimeout(for: head(given, type: "text/plain")) == nil)
        #expect(self.forward { _ in }.grpcTimeout(for: head(given)) == nil)
    }

    @Test(
        arguments: [
            ("500m", 1_000, 0, .milliseconds(500)), ("3S", 1_000, 0, .milliseconds(1_000)),
            ("1200m", 0, 0, .milliseconds(1_200)), ("900m", 1_000, 300, .milliseconds(600)),
            ("800m", 1_000, 900, .milliseconds(0)), ("3S", 1_000, 300, .milliseconds(700)),
            ("0m", 1_000, 0, .milliseconds(0)), ("junk", 1_000, 0, .inherited), (nil, 1_000, 0, .inherited),
        ] as [(String?, Int, Int, Forward.StreamDuration)]
    )
    func `the time of any request may take the place of the longest duration`(
        given: String?,
        maximum: Int,
        offset: Int,
        duration: Forward.StreamDuration
    ) {
        let forward = forward { $0.grpcStreamDuration = rule(maximum, offset) }
        #expect(forward.streamDuration(of: head(given)) == duration)
        #expect(forward.streamDuration(of: head(given, type: "text/plain")) == duration)
    }

    @Test func `without a rule the duration is the route's`() {
        #expect(forward { $0.maxStreamDuration = .seconds(1) }.streamDuration(of: head("2S")) == .milliseconds(1_000))
        #expect(forward { $0.maxStreamDuration = .zero }.streamDuration(of: head("2S")) == .unlimited)
        #expect(forward { _ in }.streamDuration(of: head("2S")) == .inherited)
        let both = forward {
            $0.maxStreamDuration = .milliseconds(600)
            $0.grpcStreamDuration = rule(1_000)
        }
        #expect(both.streamDuration(of: head(nil)) == .milliseconds(600))
    }
}

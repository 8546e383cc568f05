// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which requests get a line: measured on Envoy 1.40 with the same requests.

import TestSupport
import Testing
import UnderstudyCore

struct AccessLogConditionTests {
    private struct Case {
        let name: String
        var request = RequestHead("GET /p", ["host: h"])
        var response: ResponseHead?
        var facts = ExchangeFacts()

        init(
            _ name: String,
            _ status: Int,
            flags: [StaticString] = [],
            milliseconds: Int64 = 1,
            lines: [String] = [],
            path: String = "/p",
            change: (inout Case) -> Void = { _ in }
        ) {
            self.name = name
            request = RequestHead("GET \(path)", ["host: h"] + lines)
            response = status == 0 ? nil : ResponseHead(status: status, [])
            facts.status = status
            facts.responseFlags = flags
            facts.elapsed = milliseconds * 1_000_000
            change(&self)
        }
    }

    private static let cases = [
        Case("ok", 200),
        Case("503", 503),
        Case("404", 404, flags: ["NR"]),
        Case("dead", 503, flags: ["UF"]),
        Case("dretry", 503, flags: ["URX", "UF"]),
        Case("slow", 200, milliseconds: 301),
        Case("hc", 200) { $0.facts.isHealthCheck = true },
        Case("flag", 200, lines: ["x-flag: 1"]),
        Case("rw", 200, lines: ["x-envoy-original-path: /rw"], path: "/x"),
        Case("trailer", 200) { $0.facts.responseTrailers = HeaderBlock(["grpc-status: 5"]) },
        Case("deadgrpc", 200, flags: ["UF"]) { $0.response = ResponseHead(status: 200, ["grpc-status: 14"]) },
        Case("dc", 0, flags: ["DC"], milliseconds: 50),
    ]

    private static func status(
        _ comparison: AccessLogFilter.Comparison,
        _ value: UInt32,
        key: String = ""
    ) -> AccessLogFilter {
        .status(comparison, value: value, runtimeKey: key)
    }

    static let filters: [(AccessLogFilter, String)] = [
        (status(.atLeast, 500), "503 dead dretry"),
        (status(.equal, 0), "dc"),
        (status(.atMost, 399), "ok slow hc flag rw trailer deadgrpc dc"),
        (status(.notEqual, 200), "503 404 dead dretry dc"),
        (status(.atLeast, 1000, key: "k.low"), "503 404 dead dretry"),
        (.durationMilliseconds(.atLeast, value: 150, runtimeKey: ""), "slow"),
        (
            .durationMilliseconds(.atMost, value: 100, runtimeKey: ""),
            "ok 503 404 dead dretry hc flag rw trailer deadgrpc dc"
        ),
        (.notHealthCheck, "ok 503 404 dead dretry slow flag rw trailer deadgrpc dc"),
        (.header(HeaderMatch(name: "x-flag", rule: .string(StringMatcher(.exact("1"))))), "flag"),
        (.responseFlags([]), "404 dead dretry deadgrpc dc"),
        (.responseFlags(["DC", "UF"]), "dead dretry deadgrpc dc"),
        (.responseFlags(["URX"]), "dretry"),
        (.all([status(.atLeast, 500), .responseFlags([])]), "dead dretry"),
        (.any([status(.equal, 404), .header(HeaderMatch(name: "x-flag", rule: .present(true)))]), "404 flag"),
        (.grpcStatuses([0], isExcluding: false), ""),
        (.grpcStatuses([5], isExcluding: false), "trailer"),
        (.grpcStatuses([14], isExcluding: false), "503 dead dretry deadgrpc"),
        (.grpcStatuses([2], isExcluding: false), "ok slow hc flag rw dc"),
        (.grpcStatuses([0, 14], isExcluding: true), "ok 404 slow hc flag rw trailer dc"),
        (.grpcStatuses([12], isExcluding: false), "404"),
        (
            .runtime(RuntimeFraction(Fraction(numerator: 0, denominator: 100), key: "k.pct")),
            cases.map(\.name).joined(separator: " ")
        ),
    ]

    @Test(arguments: filters.indices) func `the filter takes what Envoy takes`(index: Int) {
        let (filter, names) = Self.filters[index]
        let condition = AccessLogCondition(filter)
        let runtime = RuntimeSnapshot([
            "k.low": RuntimeValue(text: "404", integer: 404),
            "k.pct": RuntimeValue(text: "100", integer: 100),
        ])
        let taken = Self.cases.filter {
            condition.holds(
                request: $0.request,
                response: $0.response,
                facts: $0.facts,
                random: 0,
                runtime: runtime
            )
        }
        #expect(taken.map(\.name).joined(separator: " ") == names)
    }

    @Test(
        arguments: [
            ("00000031-1234", 0x31), ("00000032-1234", 0x32), ("ABCDEF01-1234", 0xABCD_EF01), ("abcdef01", 0xABCD_EF01),
            ("0x000001-1234", 1), ("00000001zz", 1), ("12345678", 0x1234_5678), ("+0000001", nil), ("-0000001", nil),
            ("zzzzzzzz", nil), ("0000001-", nil), ("1", nil), ("", nil),
        ] as [(String, UInt64?)]
    )
    func `the request's identifier decides, or else dice`(identifier: String, sample: UInt64?) {
        let request = RequestHead("GET /", ["host: h", "x-request-id: \(identifier)"])
        for random in UInt64(0)..<100 {
            let filter = AccessLogFilter.runtime(RuntimeFraction(Fraction(numerator: 50, denominator: 100)))
            let independent = AccessLogFilter.runtime(
                RuntimeFraction(Fraction(numerator: 50, denominator: 100)),
                usesIndependentRandomness: true
            )
            func holds(_ filter: AccessLogFilter) -> Bool {
                AccessLogCondition(filter).holds(
                    request: request,
                    response: nil,
                    facts: ExchangeFacts(),
                    random: random,
                    runtime: RuntimeSnapshot([:])
                )
            }
            #expect(holds(filter) == ((sample ?? random) % 100 < 50))
            #expect(holds(independent) == (random < 50))
        }
    }
}

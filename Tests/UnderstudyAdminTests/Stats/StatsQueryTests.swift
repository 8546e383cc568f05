// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Parameters that are refused, in Envoy's words where it has any.

import Testing

@testable import UnderstudyAdmin

struct StatsQueryTests {
    @Test(arguments: [
        ("filter=(", false, "Invalid re2 regex: missing ): ("),
        ("type=histograms", false, "invalid &type= param"),
        ("format=html", false, "usage: /stats?format=(json|prometheus|text)\n\n"),
        ("histogram_buckets=x", false, "usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary)\n"),
        ("hidden=x", false, "usage: /stats?hidden=(include|only|exclude)\n\n"),
        ("histogram_buckets=detailed", true, "unsupported prometheus histogram bucket mode"),
        ("format=prometheus&histogram_buckets=disjoint", false, "unsupported prometheus histogram bucket mode"),
        (
            "usedonly&used=1", false,
            "unknown parameter 'used'; accepted: filter, format, hidden, histogram_buckets, pretty, text_readouts, "
                + "type, usedonly\n"
        ),
        (
            "format=json", true,
            "unknown parameter 'format'; accepted: filter, histogram_buckets, text_readouts, usedonly\n"
        ),
    ])
    func `bad parameters are refused`(query: String, isPrometheus: Bool, text: String) {
        #expect(throws: StatsQuery.Refusal(text: text)) {
            try StatsQuery(QueryParameters(query), isPrometheus: isPrometheus)
        }
    }

    @Test(arguments: ["", "pretty", "hidden=include", "histogram_buckets=none", "usedonly&text_readouts"])
    func `good parameters are taken`(query: String) throws {
        _ = try StatsQuery(QueryParameters(query), isPrometheus: false)
    }
}

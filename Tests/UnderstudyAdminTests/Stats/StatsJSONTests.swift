// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers as JSON; the forms are measured on Envoy 1.40.

import Testing

@testable import UnderstudyAdmin

struct StatsJSONTests {
    @Test(arguments: [
        ("filter=server.live", #"{"stats":[{"name":"server.live","value":1}]}"#),
        ("filter=nothing", #"{"stats":[]}"#),
        ("filter=version_text", #"{"stats":[{"name":"server.version_text","value":"1.0 \"x\""}]}"#),
    ])
    func `values are a list of names and numbers`(query: String, json: String) throws {
        #expect(try StatsFixture.shown("format=json&" + query) == json)
    }

    private func quantiles(_ value: String) -> String {
        Array(repeating: #"{"cumulative":\#(value),"interval":null}"#, count: 10).joined(separator: ",")
    }

    private let percents = "[0,25,50,75,90,95,99,99.5,99.9,100]"

    @Test func `histograms stand in one object behind the others`() throws {
        let json = try StatsFixture.shown("format=json&filter=server.[il]")
        #expect(
            json == #"{"stats":[{"name":"server.live","value":1},{"histograms":{"supported_quantiles":"# + percents
                + #","computed_quantiles":[{"name":"server.initialization_time_ms","values":["# + quantiles("18.5")
                + "]}]}}]}"
        )
        let unused = try StatsFixture.shown("format=json&filter=cluster.a.upstream_rq_time")
        #expect(unused.contains(quantiles("null")))
    }

    @Test func `buckets have Envoy's members`() throws {
        let cumulative = try StatsFixture.shown("format=json&filter=init&histogram_buckets=cumulative")
        #expect(
            cumulative.hasPrefix(
                #"{"stats":[{"histograms":[{"name":"server.initialization_time_ms","buckets":[{"upper_bound":0.5,"#
                    + #""interval":0,"cumulative":0},"#
            )
        )
        #expect(cumulative.contains(#"{"upper_bound":3e+05,"interval":0,"cumulative":1}"#))
        #expect(cumulative.hasSuffix(#"{"upper_bound":3600000,"interval":0,"cumulative":1}]}]}]}"#))
        let detailed = try StatsFixture.shown("format=json&filter=init&histogram_buckets=detailed")
        #expect(
            detailed == #"{"stats":[{"histograms":{"supported_percentiles":"# + percents
                + #","details":[{"name":"server.initialization_time_ms","#
                + #""totals":[{"lower_bound":18,"width":1,"count":1}],"intervals":[],"percentiles":["#
                + quantiles("18.5") + "]}]}}]}"
        )
    }
}

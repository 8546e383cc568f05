// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Some numbers of each sort, and what the server shows of them.

import UnderstudyCore

@testable import UnderstudyAdmin

enum StatsFixture {
    /// A cluster whose name has another's within it, one that is sorted differently by letter and by level, and
    /// two connection managers of one name.
    static var scopes: [StatisticsScope] {
        var server = StatisticsScope(.part("server"))
        server.gauge("live", 1)
        server.text("version_text", "1.0 \"x\"")
        server.histogram("initialization_time_ms", histogram(18))
        var manager = StatisticsScope(.connectionManager("in"))
        manager.counter("downstream_rq_total", 2)
        manager.counter("downstream_rq_2xx", 2)
        return [server, cluster("a", 1), cluster("a-mirror", 2), cluster("a.b", 3), manager, manager]
    }

    private static func cluster(_ name: String, _ number: UInt64) -> StatisticsScope {
        var scope = StatisticsScope(.cluster(name))
        scope.counter("upstream_rq_total", number)
        scope.counter("upstream_rq_404", number)
        scope.counter("upstream_rq_200", number)
        scope.counter("bind_errors", 0)
        scope.gauge("upstream_cx_active", number)
        scope.gauge("version", 0, isUsed: false)
        scope.histogram("upstream_rq_time", Histogram())
        return scope
    }

    static func histogram(_ values: UInt64...) -> Histogram {
        let histogram = Histogram()
        for value in values { histogram.record(value) }
        histogram.takeInterval()
        histogram.takeInterval()
        return histogram
    }

    /// - Parameter query: As behind the question mark.
    static func shown(_ query: String, isPrometheus: Bool = false) throws -> String {
        let query = try StatsQuery(QueryParameters(query), isPrometheus: isPrometheus)
        return String(decoding: StatsEndpoints.render(scopes, query), as: UTF8.self)
    }

    static func lines(_ query: String, isPrometheus: Bool = false) throws -> [String] {
        try shown(query, isPrometheus: isPrometheus).split(separator: "\n").map(String.init)
    }
}

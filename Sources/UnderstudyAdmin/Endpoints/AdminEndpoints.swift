// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which path shows what.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct AdminEndpoints: Sendable {
    private let source: any StatisticsSource
    private let runtime: RuntimeEndpoints
    private let stats: StatsEndpoints

    init(_ source: any StatisticsSource, runtime: any RuntimeControl) {
        self.source = source
        self.runtime = RuntimeEndpoints(control: runtime)
        self.stats = StatsEndpoints(source: source)
    }

    func answer(_ request: PlainRequest) async -> PlainAnswer {
        let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? String(parts[1]) : ""
        if parts.first == "/runtime_modify" { return await runtime.modify(request, query: query) }
        guard ["GET", "HEAD", "POST"].contains(request.method) else {
            return PlainAnswer(status: 405, body: "Method not allowed: \(request.target) is read-only, use GET.\n")
        }
        switch parts.first ?? "" {
        case "/", "/help": return query.isEmpty ? Self.help : Self.refusal(of: query, accepted: "none")
        case "/ready": return query.isEmpty ? ready : Self.refusal(of: query, accepted: "none")
        case "/runtime": return runtime.document
        case "/stats": return stats.answer(QueryParameters(query), isPrometheus: false)
        case "/stats/prometheus": return stats.answer(QueryParameters(query), isPrometheus: true)
        default: return PlainAnswer(status: 404, body: "invalid path. " + Self.help.body)
        }
    }

    private static let help = PlainAnswer(
        body: """
            admin commands are:
              /help: print out list of admin commands
              /ready: print server state, return 200 if LIVE, otherwise return 503
              /runtime: print runtime values
              /runtime_modify (POST): Adds or modifies runtime values as passed in query parameters. To delete a \
            previously added key, use an empty string as the value. Note that deletion only applies to overrides \
            added via this endpoint; values loaded from disk can be modified via override but not deleted. E.g. \
            ?key1=value1&key2=value2...
              /stats: print server stats
              /stats/prometheus: print server stats in prometheus format

            """
    )

    private var ready: PlainAnswer {
        source.isReady ? PlainAnswer(body: "LIVE\n") : PlainAnswer(status: 503, body: "DRAINING\n")
    }

    private static func refusal(of query: String, accepted: String) -> PlainAnswer {
        PlainAnswer(status: 400, body: "unknown parameter in '\(query)'; accepted: \(accepted)\n")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The paths that show numbers.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// `/stats` and `/stats/prometheus`.
struct StatsEndpoints: Sendable {
    let source: any StatisticsSource

    /// - Parameter isPrometheus: The path says so; the parameter `format` may, too.
    func answer(_ parameters: QueryParameters, isPrometheus: Bool) -> PlainAnswer {
        do throws(StatsQuery.Refusal) {
            let query = try StatsQuery(parameters, isPrometheus: isPrometheus)
            let text = String(decoding: Self.render(source.statistics(), query), as: UTF8.self)
            guard query.format == .json else { return PlainAnswer(body: text) }
            return PlainAnswer(contentType: "application/json", body: text)
        } catch {
            return PlainAnswer(status: 400, body: error.text)
        }
    }

    static func render(_ scopes: [StatisticsScope], _ query: StatsQuery) -> [UInt8] {
        switch query.format {
        case .text: StatsText(query).render(StatsTable(scopes, query))
        case .json: StatsJSON(query).render(StatsTable(scopes, query))
        case .prometheus: StatsPrometheus(query).render(StatsTable(scopes, query))
        }
    }
}

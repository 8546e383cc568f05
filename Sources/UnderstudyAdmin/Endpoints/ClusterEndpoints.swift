// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/clusters`: every cluster with its endpoints as they are now.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct ClusterEndpoints: Sendable {
    let view: any ServerView

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(
                path: "/clusters",
                help: "upstream cluster status",
                parameters: [
                    .init(name: "filter", help: "Regular expression (Google re2) for filtering clusters by name"),
                    .init(name: "format", help: "File format to use", kind: .choice(["text", "json"])),
                ],
                answer: answer
            )
        ]
    }

    @Sendable private func answer(_ request: AdminRequest) -> PlainAnswer {
        var clusters = view.clusterStatuses()
        if let filter = request.query["filter"], !filter.isEmpty {
            guard let pattern = NamePattern(anywhere: filter) else {
                return PlainAnswer(status: 400, body: "Invalid re2 regex")
            }
            clusters.removeAll { !pattern.matches($0.name) }
        }
        guard request.query["format"] == "json" else {
            return PlainAnswer(body: clusters.map(\.text).joined())
        }
        return PlainAnswer(
            contentType: "application/json",
            body: IndentedJSON.laidOut(
                "{\"cluster_statuses\":[" + clusters.map(\.json).joined(separator: ",") + "]}"
            )
        )
    }
}

/// A regular expression for names.
struct NamePattern: Sendable {
    private let pattern: RegexPattern

    /// Matches a name in any of its parts; `nil` if it is no regular expression.
    init?(anywhere source: String) {
        // On its own first: a group that closes too often would fit the brackets around it.
        guard let own = try? RegexPattern(source), let around = try? RegexPattern("(?s:.*)(?:\(own.source))(?s:.*)")
        else {
            return nil
        }
        pattern = around
    }

    init(whole source: String) throws(RegexPattern.Invalid) {
        pattern = try RegexPattern(source)
    }

    func matches(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return pattern.matchesWhole(bytes.span)
    }
}

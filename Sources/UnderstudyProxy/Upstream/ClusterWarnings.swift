// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an operator has to know of a cluster and traffic may cause at any rate.

internal import Logging
internal import UnderstudyCore

/// A few lines a minute of each kind; the counters tell the rest.
struct ClusterWarnings: Sendable {
    private let name: String
    // Copies must not use up the lines of clients.
    private let limits: [RateLimitedLog]
    private let hosts: [RateLimitedLog]
    private let cuts: RateLimitedLog
    private let budgets: RateLimitedLog

    init(_ name: String, logger: Logger) {
        self.name = name
        limits = ClusterStatistics.Origin.allCases.map { _ in RateLimitedLog(logger) }
        hosts = ClusterStatistics.Origin.allCases.map { _ in RateLimitedLog(logger) }
        cuts = RateLimitedLog(logger)
        budgets = RateLimitedLog(logger)
    }

    func refused(_ failure: UpstreamFailure, for origin: ClusterStatistics.Origin) {
        let whose = origin == .external ? "requests" : "copies"
        if failure == .overflow {
            limits[origin.rawValue]
                .log(.warning, "a circuit breaker is open", metadata: ["cluster": "\(name)", "refuses": "\(whose)"])
        } else {
            hosts[origin.rawValue]
                .log(.warning, "no endpoint is healthy", metadata: ["cluster": "\(name)", "refuses": "\(whose)"])
        }
    }

    /// All mirrors together have as many connections as they may.
    func beyondBudget() {
        budgets.log(.warning, "mirrors are at their limit of connections", metadata: ["cluster": "\(name)"])
    }

    func cutSlowMirror() {
        cuts.log(.warning, "a mirror fell behind and lost its copy", metadata: ["cluster": "\(name)"])
    }
}

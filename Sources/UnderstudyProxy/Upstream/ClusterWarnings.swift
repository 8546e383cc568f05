// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an operator has to know of a cluster and traffic may cause at any rate.

internal import Logging
internal import UnderstudyCore

/// A few lines a minute of each kind; the counters tell the rest.
struct ClusterWarnings: Sendable {
    private let name: String
    private let limits: RateLimitedLog
    private let hosts: RateLimitedLog
    private let cuts: RateLimitedLog

    init(_ name: String, logger: Logger) {
        self.name = name
        limits = RateLimitedLog(logger)
        hosts = RateLimitedLog(logger)
        cuts = RateLimitedLog(logger)
    }

    func refused(_ failure: UpstreamFailure, for origin: ClusterStatistics.Origin) {
        let whose = origin == .external ? "requests" : "copies"
        if failure == .overflow {
            limits.log(.warning, "a circuit breaker is open", metadata: ["cluster": "\(name)", "refuses": "\(whose)"])
        } else {
            hosts.log(.warning, "no endpoint is healthy", metadata: ["cluster": "\(name)", "refuses": "\(whose)"])
        }
    }

    func cutSlowMirror() {
        cuts.log(.warning, "a mirror fell behind and lost its copy", metadata: ["cluster": "\(name)"])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of a cluster may be in use at a time.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias Thresholds = Envoy_Config_Cluster_V3_CircuitBreakers.Thresholds

    mutating func compile(
        _ message: Envoy_Config_Cluster_V3_CircuitBreakers,
        at place: Place
    ) -> CircuitBreakers {
        var breakers = CircuitBreakers()
        var seen: Set<Int> = []
        for (message, place) in zip(message.thresholds, place.field("thresholds").items) {
            let thresholds = compile(message, at: place)
            // As in Envoy, the first of a priority counts.
            guard seen.insert(message.priority.rawValue).inserted else { continue }
            if message.priority == .high { breakers.high = thresholds } else { breakers.normal = thresholds }
        }
        for (message, place) in zip(message.perHostThresholds, place.field("per_host_thresholds").items) {
            checkPerHost(message, at: place)
            guard message.priority == .default, message.hasMaxConnections else { continue }
            if breakers.connectionsPerHost == nil { breakers.connectionsPerHost = message.maxConnections.value }
        }
        return breakers
    }

    private mutating func compile(_ message: Thresholds, at place: Place) -> CircuitBreakers.Thresholds {
        var thresholds = CircuitBreakers.Thresholds()
        if message.hasMaxConnections { thresholds.connections = message.maxConnections.value }
        if message.hasMaxPendingRequests { thresholds.pendingRequests = message.maxPendingRequests.value }
        if message.hasMaxRequests { thresholds.requests = message.maxRequests.value }
        if message.hasMaxRetries { thresholds.retries = message.maxRetries.value }
        thresholds.tracksRemaining = message.trackRemaining
        guard message.hasRetryBudget else { return thresholds }
        var budget = CircuitBreakers.RetryBudget()
        if message.retryBudget.hasBudgetPercent {
            let place = place.field("retry_budget").field("budget_percent")
            budget.percent = percent(message.retryBudget.budgetPercent, at: place)
        }
        if message.retryBudget.hasMinRetryConcurrency {
            budget.minimumConcurrency = message.retryBudget.minRetryConcurrency.value
        }
        thresholds.retryBudget = budget
        return thresholds
    }

    /// Envoy counts nothing but connections for each endpoint.
    private mutating func checkPerHost(_ message: Thresholds, at place: Place) {
        let others =
            message.hasMaxPendingRequests || message.hasMaxRequests || message.hasMaxRetries || message.hasRetryBudget
            || message.hasMaxConnectionPools
        guard others else { return }
        refuse(place, "Unsupported field in per_host_thresholds", accepted: "max_connections")
    }

    mutating func percent(_ message: Envoy_Type_V3_Percent, at place: Place) -> Double {
        guard !(0...100).contains(message.value) else { return message.value }
        let place = place.field("value")
        let rule = "value must be inside range [0, 100]"
        refuse(place, breaking: rule, found: String(message.value), accepted: "0 to 100")
        return 0
    }
}

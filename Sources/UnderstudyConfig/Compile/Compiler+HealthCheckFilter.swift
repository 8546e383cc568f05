// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Answers of the proxy to health checks of its own.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias HealthCheckMessage = Envoy_Extensions_Filters_Http_HealthCheck_V3_HealthCheck

    mutating func compile(_ message: HealthCheckMessage, at place: Place) -> HealthCheckFilter {
        if !message.hasPassThroughMode { require("pass_through_mode", in: place) }
        var filter = HealthCheckFilter(passesThrough: message.passThroughMode.value)
        if message.hasCacheTime { filter.cacheTime = Duration(message.cacheTime) }
        if filter.cacheTime > .zero, !filter.passesThrough {
            let text = "cache_time_ms must not be set when path_through_mode is disabled"
            refuse(place.field("cache_time"), text)
        }
        filter.headers = compile(message.headers, at: place.field("headers"))
        let shares = place.field("cluster_min_healthy_percentages").entries
        for (name, share) in message.clusterMinHealthyPercentages.sorted(by: { $0.key < $1.key }) {
            filter.minimumHealthyPercentages[name] = percent(share, at: shares(name))
        }
        return filter
    }
}

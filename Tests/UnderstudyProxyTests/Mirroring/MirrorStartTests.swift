// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The start waits for what clients depend on, and hardly for mirrors.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorStartTests {
    private static func isChecked(_ cluster: inout Cluster) {
        cluster.healthChecks = [
            HealthCheck(
                .http(HealthCheck.HTTPProbe(path: "/check")),
                timeout: .seconds(3600),
                interval: .seconds(3600),
                unhealthyThreshold: 1,
                healthyThreshold: 1
            )
        ]
    }

    @Test func `a mirror whose checks are never answered does not hold up the start`() async throws {
        try await RunningServer.run(mirrors: [.silent]) { configuration, options in
            Self.isChecked(&configuration.clusters[1])
            options.startTime = .seconds(3600)
            options.mirrorStartTime = .milliseconds(50)
        } _: { rig async throws in
            #expect(try await rig.ask().status == 200)
        }
    }

    @Test func `checks that mirrors never answer take no place from those of primaries`() async throws {
        try await RunningServer.run(mirrors: [.silent]) { configuration, options in
            Self.isChecked(&configuration.clusters[0])
            Self.isChecked(&configuration.clusters[1])
            // More than there are places for checks, and begun before the primary's.
            let endpoint = configuration.clusters[1].endpoints[0]
            configuration.clusters[1].endpoints = (1...600).map { number in
                var endpoint = endpoint
                endpoint.hostname = "endpoint\(number)"
                return endpoint
            }
            configuration.clusters.swapAt(0, 1)
            options.startTime = .seconds(3600)
            options.mirrorStartTime = .milliseconds(50)
        } _: { rig async throws in
            #expect(try await rig.ask().status == 200)
        }
    }
}

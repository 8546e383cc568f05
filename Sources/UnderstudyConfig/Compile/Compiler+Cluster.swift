// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clusters, and what is said of their sockets and statistics.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) -> Cluster? {
        if message.name.isEmpty { require("name", in: place) }
        let discovery = discovery(message, at: place)
        // A type that could not be read may have been one that resolves names.
        let isStatic =
            discovery == .static && !log.hasFault(at: place.field("type").path)
            && !log.hasFaultyField(in: place.field("cluster_type").path)
        let endpoints =
            message.hasLoadAssignment
            ? compile(message.loadAssignment, isStatic: isStatic, at: place.field("load_assignment")) : []
        let connectTimeout = connectTimeout(message, at: place)
        var cluster = Cluster(
            name: message.name,
            discovery: discovery,
            endpoints: endpoints,
            connectTimeout: connectTimeout,
            connectionBufferLimit: message.hasPerConnectionBufferLimitBytes
                ? Int(message.perConnectionBufferLimitBytes.value) : nil
        )
        cluster.statName = message.altStatName
        if message.hasTransportSocket {
            cluster.tls = upstreamTLS(message.transportSocket, at: place.field("transport_socket"))
        }
        setProtocol(message, at: place, of: &cluster)
        cluster.balancing = balancing(message, at: place)
        cluster.healthChecks = healthChecks(message.healthChecks, at: place.field("health_checks"))
        if message.hasOutlierDetection {
            cluster.outlierDetection = compile(message.outlierDetection, at: place.field("outlier_detection"))
        }
        setLimits(message, at: place, of: &cluster)
        return message.name.isEmpty ? nil : cluster
    }

    private mutating func connectTimeout(_ message: Envoy_Config_Cluster_V3_Cluster, at place: Place) -> Duration {
        guard message.hasConnectTimeout else { return Cluster.defaultConnectTimeout }
        let timeout = Duration(message.connectTimeout)
        checkPositive(timeout, at: place.field("connect_timeout"))
        return timeout
    }

    /// How much may be in use, and what is counted.
    private mutating func setLimits(
        _ message: Envoy_Config_Cluster_V3_Cluster,
        at place: Place,
        of cluster: inout Cluster
    ) {
        if message.hasCleanupInterval {
            checkPositive(Duration(message.cleanupInterval), at: place.field("cleanup_interval"))
        }
        if message.hasCircuitBreakers {
            cluster.circuitBreakers = compile(message.circuitBreakers, at: place.field("circuit_breakers"))
        }
        if message.upstreamConnectionOptions.hasTcpKeepalive {
            cluster.keepalive = TCPKeepalive(message.upstreamConnectionOptions.tcpKeepalive)
        }
        cluster.tracksTimeoutBudgets = message.trackTimeoutBudgets || message.trackClusterStats.timeoutBudgets
    }
}

extension TCPKeepalive {
    fileprivate init(_ message: Envoy_Config_Core_V3_TcpKeepalive) {
        self.init()
        if message.hasKeepaliveProbes { probes = message.keepaliveProbes.value }
        if message.hasKeepaliveTime { time = message.keepaliveTime.value }
        if message.hasKeepaliveInterval { interval = message.keepaliveInterval.value }
    }
}

extension Duration {
    init(_ message: Google_Protobuf_Duration) {
        self = .seconds(message.seconds) + .nanoseconds(Int64(message.nanos))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The endpoints of a cluster at one moment, and how requests are spread over them.

public import NIOCore
public import UnderstudyCore

/// An address that a cluster's requests may go to.
public struct ResolvedEndpoint: Sendable, Equatable {
    public let address: SocketAddress
    /// As configured, or the name that was resolved.
    public let hostname: [UInt8]
    public let endpoint: Endpoint

    public init(address: SocketAddress, endpoint: Endpoint, hostname: [UInt8] = []) {
        self.address = address
        self.endpoint = endpoint
        self.hostname = hostname
    }
}

/// Immutable; another one is made whenever endpoints come, go, or change their health.
public final class HostList: Sendable {
    public let hosts: [SharedHost]
    public let plan: BalancingPlan

    init(_ hosts: [SharedHost], _ settings: LoadBalancing, panicThreshold: Double, replacing old: HostList?) {
        self.hosts = hosts
        plan = BalancingPlan(
            settings,
            hosts: hosts.map { BalancedHost($0, settings) },
            panicThreshold: panicThreshold,
            reusing: old?.plan
        )
    }
}

extension BalancedHost {
    fileprivate init(_ host: SharedHost, _ settings: LoadBalancing) {
        let health = host.health
        let unchecked: HostHealth = [.pendingActiveCheck, .failedActiveCheck]
        self.init(address: Array(AddressText.text(host.address).utf8))
        weight = host.endpoint.weight
        level = health.level
        isExcluded =
            health.contains(.excludedByImmediateFailure) || host.endpoint.health == .draining
            || settings.ignoresUncheckedHosts && health.isSuperset(of: unchecked)
        priority = host.endpoint.priority
        locality = host.endpoint.locality
        localityWeight = host.endpoint.localityWeight
        hostname = host.hostname
    }
}

public enum AddressText {
    /// `address:port`, with brackets around an IPv6 address and without the decoration of logs.
    public static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

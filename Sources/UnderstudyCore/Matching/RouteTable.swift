// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From a request head to the route that serves it.

/// A route configuration arranged for matching.
///
/// Immutable, shared by all workers.
public final class RouteTable: Sendable {
    public enum Lookup: Sendable {
        case noVirtualHost
        /// The virtual host has no route that takes the request.
        case noRoute
        case route(Entry)
    }

    /// The routes of one virtual host.
    private struct Host: Sendable {
        let entries: [Entry]
        let tlsRequirement: VirtualHost.TLSRequirement
        /// Taken by every request that has to come by TLS and does not.
        let toHTTPS: Entry
    }

    private let domains: DomainTable
    private let hosts: [Host]

    /// - Parameters:
    ///   - upgrades: The connection manager's, by type in lower case.
    ///   - catalogue: Has the numbers of the mirrors' books.
    ///   - buffering: Of requests that are sent to HTTPS.
    public init(
        _ configuration: RouteConfiguration,
        clusters: NameTable,
        upgrades: [String: UpgradePolicy] = [:],
        catalogue: MirrorCatalogue = MirrorCatalogue(),
        buffering: BodyBuffering = .none
    ) {
        domains = DomainTable(configuration.virtualHosts, ignoresPort: configuration.ignoresPortInHost)
        hosts = configuration.virtualHosts.map { host in
            let context = Entry.Context(
                configuration: configuration,
                virtualHost: host,
                clusters: clusters,
                upgrades: upgrades,
                catalogue: catalogue,
                buffering: buffering
            )
            return Host(
                entries: host.routes.enumerated().map { Entry($1, context, number: $0) },
                tlsRequirement: host.tlsRequirement,
                toHTTPS: Entry(toHTTPS: context)
            )
        }
    }

    /// The first matching route of the Host's virtual host.
    ///
    /// - Parameter random: One number per request, the same for its route, its cluster and its mirrors.
    public func route(
        for head: borrowing RequestHead,
        random: @autoclosure () -> UInt64 = 0,
        runtime: RuntimeSnapshot = .empty
    ) -> Entry? {
        guard case .route(let entry) = find(head, random: random(), runtime: runtime) else { return nil }
        return entry
    }

    /// As `route(for:random:runtime:)`, and tells why there is none.
    public func find(
        _ head: borrowing RequestHead,
        random: @autoclosure () -> UInt64 = 0,
        runtime: RuntimeSnapshot = .empty
    ) -> Lookup {
        guard let index = domains.virtualHost(for: head.headers.bytes.span, head.host) else { return .noVirtualHost }
        guard head.hasPathOrNeedsNone else { return .noRoute }
        if head.lacksTLS(for: hosts[index].tlsRequirement) { return .route(hosts[index].toHTTPS) }
        let path = head.path
        for entry in hosts[index].entries
        where entry.matcher.matches(head, path: path, random: random, runtime: runtime) {
            return .route(entry)
        }
        return .noRoute
    }
}

extension RequestHead {
    /// - Source: measured on Envoy 1.40, which finds no route for `OPTIONS *`, whatever the routes are.
    fileprivate var hasPathOrNeedsNone: Bool {
        method.isConnect || !target.isEmpty && headers.bytes[target.lowerBound] == 0x2F
    }

    /// - Source: Envoy `VirtualHost.require_tls`, which believes `x-forwarded-proto` and `x-envoy-internal`.
    fileprivate func lacksTLS(for requirement: VirtualHost.TLSRequirement) -> Bool {
        switch requirement {
        case .none: false
        case .all: !isForwarded(by: "https")
        case .externalOnly: !isForwarded(by: "https") && !isInternal
        }
    }

    private var isInternal: Bool {
        guard let index = headers.firstIndex(of: .envoyInternal) else { return false }
        return ByteScan.equals(headers.bytes.span, headers.lines[index].value, Self.true)
    }

    private static let `true` = Array("true".utf8)
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A mirror policy arranged for the request path, and the decision it takes for one request.

/// A `MirrorPolicy` whose names are resolved.
public struct MirrorRule: Sendable {
    public enum Host: Sendable {
        case suffixed
        case unchanged
        case literal([UInt8])
    }

    public let cluster: ClusterTarget
    public let fraction: RuntimeFraction
    public let host: Host
    /// Changes to the copy's header lines, in order.
    public let mutations: [HeaderMutation]
    /// The cluster that gets a copy of every request but CONNECT, whatever its head says.
    public let certainCluster: Int?
    /// The number of its book; with a cluster from a header, of the one for requests that name none that exists.
    public let book: Int

    /// - Parameters:
    ///   - route: What the books are to be called.
    ///   - catalogue: Has the number of its book.
    public init(
        _ policy: MirrorPolicy,
        clusters: NameTable,
        route: String = "",
        catalogue: MirrorCatalogue = MirrorCatalogue()
    ) {
        book = catalogue.number(of: MirrorKey(route: route, mirror: policy.cluster.fixedName ?? ""))
        cluster = ClusterTarget(policy.cluster, clusters: clusters)
        fraction = policy.fraction
        mutations = policy.mutations
        if case .index(let index) = cluster, policy.fraction == .always {
            certainCluster = index
        } else {
            certainCluster = nil
        }
        host =
            switch policy.host {
            case .suffixed: .suffixed
            case .unchanged: .unchanged
            case .literal(let text): .literal(Array(text.utf8))
            }
    }

    /// The cluster that gets a copy of this request, or why none does.
    ///
    /// - Parameters:
    ///   - random: One number per request, the same for all its policies, so that shares nest.
    ///   - trust: Whom to believe; `nil` for everyone.
    public func decide(
        _ head: borrowing RequestHead,
        clusters: NameTable,
        random: UInt64,
        runtime: RuntimeSnapshot = .empty,
        trust: MirrorTrust? = nil,
        standing: MirrorStanding = MirrorStanding()
    ) -> Result<Int, MirrorOutcome> {
        guard head.method != .connect else { return .failure(.connectMethod) }
        guard fraction.includes(random, runtime) else { return .failure(.sampledOut) }
        guard let trust else { return cluster.resolve(head, clusters: clusters) }
        guard trust.mayCopy(standing) else { return .failure(.hopLimit) }
        return trust.resolve(cluster, head, clusters: clusters, standing)
    }
}

extension ClusterSpecifier {
    fileprivate var fixedName: String? {
        if case .name(let name) = self { name } else { nil }
    }
}

/// A `ClusterSpecifier` whose fixed name is resolved to the cluster's number.
public enum ClusterTarget: Sendable {
    case index(Int)
    /// The name is in the first line of this lower-case header.
    case header([UInt8])
    /// A fixed name that no cluster has.
    case unknown

    public init(_ specifier: ClusterSpecifier, clusters: NameTable) {
        switch specifier {
        case .name(let name): self = clusters[Array(name.utf8)].map { .index($0) } ?? .unknown
        // Envoy keeps the Host under its HTTP/2 name, and both spellings find it.
        case .header(":authority"): self = .header(Array("host".utf8))
        case .header(let name): self = .header(name.utf8.map(HeaderToken.lowercased))
        }
    }

    public func resolve(
        _ head: borrowing RequestHead,
        clusters: NameTable
    ) -> Result<Int, MirrorOutcome> {
        switch self {
        case .index(let index): return .success(index)
        case .unknown: return .failure(.unknownCluster)
        case .header(let name):
            guard let line = head.headers.firstIndex(named: name) else { return .failure(.noHeader) }
            let value = head.headers.lines[line].value
            guard let index = clusters[head.headers.bytes.span, value] else { return .failure(.unknownCluster) }
            return .success(index)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The choice between the clusters of one route.

/// One cluster that a route may choose, and what comes with the choice.
public final class Destination: Sendable {
    public let cluster: ClusterTarget
    /// Applied before those of the route; at most one.
    public let requestLevels: [HeaderOperations]
    /// Applied before those of the route; at most one.
    public let responseLevels: [HeaderOperations]
    /// Becomes the Host between the operations of the choice and those of the route, whose own rewrite comes later.
    ///
    /// Source: `WeightedCluster.ClusterWeight.host_rewrite_literal`; measured on Envoy 1.40.
    public let hostLiteral: [UInt8]?
    /// What the choice says of its copies, in place of the route; `nil` for nothing.
    public let mirrorLimits: MirrorLimits?
    /// In place of the route's; `nil` for nothing.
    public let buffering: BodyBuffering?

    init(_ specifier: ClusterSpecifier, clusters: NameTable) {
        cluster = ClusterTarget(specifier, clusters: clusters)
        requestLevels = []
        responseLevels = []
        hostLiteral = nil
        mirrorLimits = nil
        buffering = nil
    }

    init(_ choice: WeightedClusters.Choice, clusters: NameTable) {
        cluster = ClusterTarget(choice.cluster, clusters: clusters)
        requestLevels = choice.headers.changesRequests ? [choice.headers] : []
        responseLevels = choice.headers.changesResponses ? [choice.headers] : []
        let literal = Array((choice.hostRewriteLiteral ?? "").utf8)
        hostLiteral = literal.isEmpty ? nil : literal
        mirrorLimits = choice.mirrorLimits
        buffering = choice.buffering
    }
}

/// A `ClusterSelection` whose names are resolved.
struct ClusterChoice: Sendable {
    private struct Weighted: Sendable {
        let destination: Destination
        let weight: UInt32
        /// Empty for none.
        let runtimeKey: String
    }

    private let first: Destination
    /// Empty if there is only one to choose.
    private let weighted: [Weighted]
    private let total: UInt64
    private let randomHeader: [UInt8]?
    private let asksRuntime: Bool

    /// Whether a choice says of bodies what the route does not.
    var differsInBuffering: Bool { weighted.contains { $0.destination.buffering != nil } }

    /// Where there is no choice.
    var only: Destination? { weighted.isEmpty ? first : nil }

    init(_ selection: ClusterSelection, clusters: NameTable) {
        switch selection {
        case .one(let specifier):
            first = Destination(specifier, clusters: clusters)
            (weighted, total, randomHeader, asksRuntime) = ([], 1, nil, false)
        case .weighted(let selection):
            let prefix = selection.runtimeKeyPrefix
            weighted = selection.choices.map { choice in
                Weighted(
                    destination: Destination(choice, clusters: clusters),
                    weight: choice.weight,
                    runtimeKey: prefix.isEmpty ? "" : "\(prefix).\(choice.cluster.fixedName)"
                )
            }
            first = weighted.first?.destination ?? Destination(.name(""), clusters: clusters)
            total = selection.choices.reduce(0) { $0 + UInt64($1.weight) }
            randomHeader = selection.randomHeader.map { $0.utf8.map(HeaderToken.lowercased) }
            asksRuntime = !prefix.isEmpty
        }
    }

    func destination(for head: borrowing RequestHead, random: UInt64, runtime: RuntimeSnapshot) -> Destination {
        guard !weighted.isEmpty else { return first }
        let number = randomHeader.flatMap { Self.number(in: head, $0) } ?? random
        if asksRuntime {
            let total = weighted.reduce(0 as UInt64) { $0 &+ Self.weight($1, runtime) }
            if total > 0, total <= UInt64(UInt32.max) { return pick(number % total) { Self.weight($0, runtime) } }
        }
        return total > 0 ? pick(number % total) { UInt64($0.weight) } : first
    }

    /// The number that a client or a proxy before this one drew; several lines are none.
    private static func number(in head: borrowing RequestHead, _ name: [UInt8]) -> UInt64? {
        let bytes = head.headers.bytes.span
        var found: Range<Int>?
        for index in head.headers.lines.indices where ByteScan.equals(bytes, head.headers.lines[index].name, name) {
            guard found == nil else { return nil }
            found = head.headers.lines[index].value
        }
        guard let found else { return nil }
        return Decimal.lenientUnsigned(bytes, found)
    }

    private static func weight(_ choice: Weighted, _ runtime: RuntimeSnapshot) -> UInt64 {
        // Safe: truncated to 32 bits, as many of them as there are choices do not overflow 64.
        UInt64(UInt32(truncatingIfNeeded: runtime.integer(choice.runtimeKey) ?? UInt64(choice.weight)))
    }

    private func pick(_ number: UInt64, weight: (Weighted) -> UInt64) -> Destination {
        var end: UInt64 = 0
        for choice in weighted {
            end += weight(choice)
            if number < end { return choice.destination }
        }
        return first
    }
}

extension ClusterSpecifier {
    /// Empty if a header names the cluster.
    fileprivate var fixedName: String {
        switch self {
        case .name(let name): name
        case .header: ""
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whose word counts where a request says something of its mirrors: which cluster, and that it is a copy itself.

/// The trust of one listener, arranged for requests; only where the configuration asks for any.
public struct MirrorTrust: Sendable {
    /// How copies are marked, and whose mark counts.
    struct Hops: Sendable {
        let header: [UInt8]
        let known: KnownHeader
        let sources: [AddressRange]
        let most: Int
    }

    /// Headers that name mirrors and may be removed, in lower case.
    let namingHeaders: [[UInt8]]
    /// Whose headers count; `nil` for everyone's.
    let namingSources: [AddressRange]?
    /// The numbers of the clusters that may be named; `nil` for all.
    let allowed: Set<Int>?
    let hops: Hops?

    /// - Parameters:
    ///   - policies: All that may count for a request of the listener.
    ///   - clusters: Their numbers.
    /// - Returns: `nil` if everything is believed.
    public init?(_ options: MirroringOptions, policies: some Sequence<MirrorPolicy>, clusters: NameTable) {
        guard options.clusterHeader != nil || options.hops != nil else { return nil }
        namingSources = options.clusterHeader?.sources
        allowed = options.clusterHeader?.clusters.map { names in Set(names.compactMap { clusters[Array($0.utf8)] }) }
        let names = Set(policies.compactMap { $0.cluster.headerName })
        namingHeaders = names.filter { !HeaderToken.framesOrRoutes($0) }.sorted { $0.lexicographicallyPrecedes($1) }
        hops = options.hops.map { hops in
            let header = hops.header.utf8.map(HeaderToken.lowercased)
            return Hops(
                header: header,
                known: KnownHeader(lowercased: header.span, at: 0, length: header.count),
                sources: hops.sources,
                most: hops.depth
            )
        }
    }

    /// What the mark of a copy says after this hop.
    public func mark(_ head: inout RequestHead, of standing: MirrorStanding) {
        guard let hops else { return }
        head.headers.removeLines(named: hops.header, from: RequestHead.hostLine + 1)
        head.headers.add(hops.header, known: hops.known) { $0.append(decimal: min(standing.depth, hops.most) + 1) }
    }

    /// Whether a request at this depth may be copied.
    func mayCopy(_ standing: MirrorStanding) -> Bool {
        guard let hops else { return true }
        return standing.depth < hops.most
    }

    /// The cluster of a policy, if the request is to be believed about it.
    func resolve(
        _ target: ClusterTarget,
        _ head: borrowing RequestHead,
        clusters: NameTable,
        _ standing: MirrorStanding
    ) -> Result<Int, MirrorOutcome> {
        guard case .header(let name) = target else { return target.resolve(head, clusters: clusters) }
        let found = target.resolve(head, clusters: clusters)
        switch found {
        case .failure(.noHeader) where standing.refused.contains(name): return .failure(.untrustedSource)
        // It cannot be removed, so it is the client's word still.
        case .success where !standing.mayName && HeaderToken.framesOrRoutes(name): return .failure(.untrustedSource)
        case .success(let cluster) where allowed?.contains(cluster) == false: return .failure(.clusterNotAllowed)
        default: return found
        }
    }
}

/// What a request's peer may say of mirrors, and what it has said of copies.
public struct MirrorStanding: Sendable, Equatable {
    /// The peer may name a mirror.
    public internal(set) var mayName = true
    /// Headers that were removed because the peer may not.
    public internal(set) var refused: [[UInt8]] = []
    /// How often the request was copied, as trusted peers have marked it.
    public internal(set) var depth = 0

    public init() {}
}

extension RequestHead {
    /// Removes what the peer may not say of mirrors; to be called before anything is decided by the head.
    public mutating func settleMirrorTrust(_ trust: MirrorTrust, peer: borrowing PeerFacts) -> MirrorStanding {
        var standing = MirrorStanding()
        if let sources = trust.namingSources, !sources.contain(peer.address) {
            standing.mayName = false
            for name in trust.namingHeaders where headers.removeLines(named: name, from: Self.hostLine + 1) {
                standing.refused.append(name)
            }
        }
        if let hops = trust.hops {
            if hops.sources.contain(peer.address) {
                standing.depth = depth(hops)
            } else {
                headers.removeLines(named: hops.header, from: Self.hostLine + 1)
            }
        }
        return standing
    }

    /// A mark that cannot be read is taken for the highest: better no copy than one without end.
    private func depth(_ hops: MirrorTrust.Hops) -> Int {
        guard let first = headers.firstIndex(named: hops.header, from: Self.hostLine + 1) else { return 0 }
        guard headers.firstIndex(named: hops.header, from: first + 1) == nil else { return .max }
        return Decimal.parse(headers.bytes.span, headers.lines[first].value) ?? .max
    }
}

extension [AddressRange] {
    fileprivate func contain(_ address: IPAddress?) -> Bool {
        guard let address else { return false }
        return contains { $0.contains(address) }
    }
}

extension ClusterSpecifier {
    /// The header that names the cluster, as the head spells it.
    fileprivate var headerName: [UInt8]? {
        guard case .header(let name) = self else { return nil }
        return name == ":authority" ? Array("host".utf8) : name.utf8.map(HeaderToken.lowercased)
    }
}

extension HeaderToken {
    /// Whether a message loses its frame or its destination with the header of this lower-case name.
    fileprivate static func framesOrRoutes(_ name: [UInt8]) -> Bool {
        switch KnownHeader(lowercased: name.span, at: 0, length: name.count) {
        case .host, .contentLength, .transferEncoding, .connection, .upgrade, .te, .trailer, .expect: true
        default: false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What mirrors may take, beyond what Envoy has fields for.

/// Of the process.
///
/// - Source: our extension `understudy.mirroring.v1.Mirroring`.
public struct MirroringOptions: Sendable, Equatable {
    /// All mirrors together.
    public struct Total: Sendable, Equatable {
        /// Copies in flight.
        ///
        /// Default 4,096. Source: `total.max_copies`.
        public var copies: UInt32 = 4096
        /// Bytes held for mirrors that do not take them.
        ///
        /// Default 64 MiB. Source: `total.max_buffered_bytes`.
        public var bufferedBytes: UInt64 = 64 << 20
        /// Open connections to mirrors; `nil` for a quarter of the descriptors that the process may open.
        ///
        /// Source: `total.max_connections`.
        public var connections: UInt32?
        /// Bytes of answers that each event loop reads in a second beyond as many as it has sent to clients.
        ///
        /// Default 8 MiB. Source: `total.answer_bytes_per_second`.
        public var answerBytesPerSecond: UInt64 = 8 << 20

        public init() {}
    }

    public var total = Total()
    /// Every mirror that has no entry of its own.
    public var defaults = MirrorOptions()
    /// By cluster.
    public var clusters: [String: MirrorOptions] = [:]
    /// Who may name a mirror by a header, and which; `nil` for everyone and every cluster.
    public var clusterHeader: ClusterHeader?
    /// `nil`: copies are not marked, and marks mean nothing.
    public var hops: Hops?

    public init() {}

    /// Source: `cluster_header`.
    public struct ClusterHeader: Sendable, Equatable {
        /// `nil` for all.
        ///
        /// Source: `allowed_clusters`.
        public var clusters: [String]?
        /// Of the immediate peer; `nil` for everyone.
        ///
        /// Source: `trusted_sources`.
        public var sources: [AddressRange]?

        public init() {}
    }

    /// Source: `hops`.
    public struct Hops: Sendable, Equatable {
        /// Default `x-understudy-mirror-hops`.
        public var header = "x-understudy-mirror-hops"
        /// Of the immediate peer; never empty.
        ///
        /// Source: `trusted_sources`.
        public var sources: [AddressRange]
        /// Default 1.
        ///
        /// Source: `max_depth`.
        public var depth = 1

        public init(sources: [AddressRange]) {
            self.sources = sources
        }
    }

    public subscript(cluster: String) -> MirrorOptions { clusters[cluster] ?? defaults }
}

/// What one mirror cluster may take.
public struct MirrorOptions: Sendable, Equatable {
    /// Bytes held for all its copies together.
    ///
    /// Default 32 MiB. Source: `max_buffered_bytes`.
    public var bufferedBytes: UInt64 = 32 << 20
    /// Bytes held for one copy.
    ///
    /// Default 4 MiB. Source: `max_buffered_bytes_per_copy`.
    public var bufferedBytesPerCopy: UInt64 = 4 << 20
    public var limits = MirrorLimits()

    public init() {}
}

/// What one copy may take; each `nil` leaves it to the next: the route, then the cluster, then Envoy's way.
public struct MirrorLimits: Sendable, Equatable {
    /// From the end of the request to the end of the answer, in place of the route's time-out.
    ///
    /// Source: `timeout`.
    public var timeout: Duration?
    /// Requests with a larger body are not copied, or cut once it is known.
    ///
    /// Source: `max_request_bytes`.
    public var requestBytes: UInt64?
    /// Of the answer's body; the copy is cut past that.
    ///
    /// Source: `max_response_bytes`.
    public var responseBytes: UInt64?

    public init() {}

    /// These, and where they say nothing, `other`.
    public func merged(over other: MirrorLimits) -> MirrorLimits {
        var merged = self
        merged.timeout = timeout ?? other.timeout
        merged.requestBytes = requestBytes ?? other.requestBytes
        merged.responseBytes = responseBytes ?? other.responseBytes
        return merged
    }
}

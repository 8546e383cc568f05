// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What mirrors may take, beyond what Envoy has fields for.

/// Of the process.
///
/// - Source: our extension `understudy.mirroring.v1.Mirroring`.
package struct MirroringOptions: Sendable, Equatable {
    /// All mirrors together.
    package struct Total: Sendable, Equatable {
        /// Copies in flight.
        ///
        /// Default 4,096. Source: `total.max_copies`.
        package var copies: UInt32 = 4096
        /// Bytes held for mirrors that do not take them.
        ///
        /// Default 64 MiB. Source: `total.max_buffered_bytes`.
        package var bufferedBytes: UInt64 = 64 << 20
        /// Open connections to mirrors; `nil` for a quarter of the descriptors that the process may open.
        ///
        /// Source: `total.max_connections`.
        package var connections: UInt32?
        /// Bytes of answers that each event loop reads in a second beyond as many as it has sent to clients.
        ///
        /// Default 8 MiB. Source: `total.answer_bytes_per_second`.
        package var answerBytesPerSecond: UInt64 = 8 << 20

        package init() {}
    }

    package var total = Total()
    /// Every mirror that has no entry of its own.
    package var defaults = MirrorOptions()
    /// By cluster.
    package var clusters: [String: MirrorOptions] = [:]
    /// Who may name a mirror by a header, and which; `nil` for everyone and every cluster.
    package var clusterHeader: ClusterHeader?
    /// `nil`: copies are not marked, and marks mean nothing.
    package var hops: Hops?

    package init() {}

    /// Source: `cluster_header`.
    package struct ClusterHeader: Sendable, Equatable {
        /// `nil` for all.
        ///
        /// Source: `allowed_clusters`.
        package var clusters: [String]?
        /// Of the immediate peer; `nil` for everyone.
        ///
        /// Source: `trusted_sources`.
        package var sources: [AddressRange]?

        package init() {}
    }

    /// Source: `hops`.
    package struct Hops: Sendable, Equatable {
        /// Default `x-understudy-mirror-hops`.
        package var header = "x-understudy-mirror-hops"
        /// Of the immediate peer; never empty.
        ///
        /// Source: `trusted_sources`.
        package var sources: [AddressRange]
        /// Default 1.
        ///
        /// Source: `max_depth`.
        package var depth = 1

        package init(sources: [AddressRange]) {
            self.sources = sources
        }
    }

    package subscript(cluster: String) -> MirrorOptions { clusters[cluster] ?? defaults }
}

/// What one mirror cluster may take.
package struct MirrorOptions: Sendable, Equatable {
    /// Bytes held for all its copies together.
    ///
    /// Default 32 MiB. Source: `max_buffered_bytes`.
    package var bufferedBytes: UInt64 = 32 << 20
    /// Bytes held for one copy.
    ///
    /// Default 4 MiB. Source: `max_buffered_bytes_per_copy`.
    package var bufferedBytesPerCopy: UInt64 = 4 << 20
    package var limits = MirrorLimits()

    package init() {}
}

/// What one copy may take; each `nil` leaves it to the next: the route, then the cluster, then Envoy's way.
package struct MirrorLimits: Sendable, Equatable {
    /// From the end of the request to the end of the answer, in place of the route's time-out.
    ///
    /// Source: `timeout`.
    package var timeout: Duration?
    /// Requests with a larger body are not copied, or cut once it is known.
    ///
    /// Source: `max_request_bytes`.
    package var requestBytes: UInt64?
    /// Of the answer's body; the copy is cut past that.
    ///
    /// Source: `max_response_bytes`.
    package var responseBytes: UInt64?

    package init() {}

    /// These, and where they say nothing, `other`.
    package func merged(over other: MirrorLimits) -> MirrorLimits {
        var merged = self
        merged.timeout = timeout ?? other.timeout
        merged.requestBytes = requestBytes ?? other.requestBytes
        merged.responseBytes = responseBytes ?? other.responseBytes
        return merged
    }
}

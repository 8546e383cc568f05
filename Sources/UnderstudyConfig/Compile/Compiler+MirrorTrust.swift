// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The part of our own block that says whose word counts about mirrors.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private static let mirrorDepths: ClosedRange<UInt64> = 1...16

    mutating func compile(
        _ message: Understudy_Mirroring_V1_Mirroring.ClusterHeader,
        at place: Place
    ) -> MirroringOptions.ClusterHeader {
        var options = MirroringOptions.ClusterHeader()
        if !message.allowedClusters.isEmpty {
            options.clusters = message.allowedClusters
            for (name, place) in zip(message.allowedClusters, place.field("allowed_clusters").items) {
                checkExists(name, at: place, "unknown cluster '\(shown(name))'")
            }
        }
        if !message.trustedSources.isEmpty {
            options.sources = ranges(message.trustedSources, at: place.field("trusted_sources"))
        }
        if message.allowedClusters.isEmpty, message.trustedSources.isEmpty {
            let text = "nothing is restricted"
            refuse(place, text, found: "{}", accepted: "allowed_clusters, trusted_sources or both")
        }
        return options
    }

    mutating func compile(
        _ message: Understudy_Mirroring_V1_Mirroring.Hops,
        at place: Place
    ) -> MirroringOptions.Hops {
        if message.trustedSources.isEmpty {
            let text = "nobody's mark would count, so that no loop would ever be seen"
            require("trusted_sources", in: place, text, accepted: "ranges of the proxies whose copies arrive here")
        }
        var options = MirroringOptions.Hops(
            sources: ranges(message.trustedSources, at: place.field("trusted_sources"))
        )
        if !message.header.isEmpty {
            options.header = message.header
            checkMark(message.header, at: place.field("header"))
        }
        if message.hasMaxDepth {
            let depth = number(UInt64(message.maxDepth.value), in: Self.mirrorDepths, at: place.field("max_depth"))
            options.depth = depth.map { Int($0) } ?? options.depth
        }
        return options
    }

    /// The mark is removed and set anew, which no header that means something else may be.
    private mutating func checkMark(_ name: String, at place: Place) {
        let bytes = Array(name.utf8)
        let lowercased = bytes.map(HeaderToken.lowercased)
        let isFree =
            HeaderToken.isName(bytes)
            && KnownHeader(lowercased: lowercased.span, at: 0, length: lowercased.count) == .other
        guard !isFree else { return }
        refuse(
            place,
            "no header for a mark",
            found: quoted(name),
            accepted: "a header name without another meaning, such as x-understudy-mirror-hops"
        )
    }

    private mutating func ranges(_ messages: [Envoy_Config_Core_V3_CidrRange], at place: Place) -> [AddressRange] {
        zip(messages, place.items).compactMap { compile($0, at: $1) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Mirror policies: what each of them must look like wherever it stands, and which clusters must exist where it counts.

import EnvoyAPI
import UnderstudyCore

/// A list of policies with the places to complain about, should a route come to use it.
struct MirrorList {
    /// Policies that could not be compiled are kept as `nil`: a list with mistakes is no empty list.
    fileprivate var entries: [(policy: MirrorPolicy?, place: Place)] = []

    var isEmpty: Bool { entries.isEmpty }

    var policies: [MirrorPolicy] { entries.compactMap(\.policy) }
}

extension Compiler {
    /// Compiles a list and checks everything but whether its clusters exist, which is asked of lists in use only.
    mutating func mirrors(
        _ messages: [Envoy_Config_Route_V3_RouteAction.RequestMirrorPolicy],
        at place: Place
    ) -> MirrorList {
        var list = MirrorList()
        for (message, place) in zip(messages, place.items) {
            list.entries.append((compile(message, at: place), place))
        }
        return list
    }

    mutating func checkClusters(of list: MirrorList) {
        for (policy, place) in list.entries {
            guard case .name(let name) = policy?.cluster else { continue }
            checkExists(name, at: place.field("cluster"), "route: unknown shadow cluster '\(shown(name))'")
        }
    }

    private mutating func compile(
        _ message: Envoy_Config_Route_V3_RouteAction.RequestMirrorPolicy,
        at place: Place
    ) -> MirrorPolicy? {
        checkHeaderText(message.clusterHeader, at: place.field("cluster_header"))
        checkHeaderText(message.hostRewriteLiteral, at: place.field("host_rewrite_literal"))
        if message.hasTraceSampled {
            warn(place.field("trace_sampled"), "trace_sampled has no effect: there is no tracing")
        }
        var fraction: RuntimeFraction? = .always
        if message.hasRuntimeFraction {
            fraction = compile(message.runtimeFraction, at: place.field("runtime_fraction"))
        }
        let mutations = mutations(
            message.requestHeadersMutations,
            at: place.field("request_headers_mutations")
        )
        guard let cluster = cluster(of: message, at: place), let fraction else { return nil }
        return MirrorPolicy(cluster: cluster, fraction: fraction, host: MirrorHost(message), mutations: mutations)
    }

    private mutating func cluster(
        of message: Envoy_Config_Route_V3_RouteAction.RequestMirrorPolicy,
        at place: Place
    ) -> ClusterSpecifier? {
        switch (message.cluster.isEmpty, message.clusterHeader.isEmpty) {
        case (false, true): return .name(message.cluster)
        case (true, false): return .header(message.clusterHeader.lowercased())
        case (false, false):
            let both = "cluster '\(shown(message.cluster))' or cluster_header '\(shown(message.clusterHeader))'"
            refuse(place, "Only one of \(both) in request mirror policy can be specified")
            return nil
        case (true, true):
            guard !log.hasFaultyField(in: place.path) else { return nil }
            refuse(place, "Exactly one of cluster or cluster_header in request mirror policy need to be specified")
            return nil
        }
    }
}

extension MirrorHost {
    fileprivate init(_ message: Envoy_Config_Route_V3_RouteAction.RequestMirrorPolicy) {
        if !message.hostRewriteLiteral.isEmpty {
            self = .literal(message.hostRewriteLiteral)
        } else {
            self = message.disableShadowHostSuffixAppend ? .unchanged : .suffixed
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One rule that sends copies of a route's requests to a mirror cluster.

/// Where copies go, how many, and under which Host.
///
/// - Source: Envoy `RouteAction.RequestMirrorPolicy`.
public struct MirrorPolicy: Sendable, Equatable {
    public var cluster: ClusterSpecifier
    /// Share of the requests that are copied.
    ///
    /// Default all. Source: `runtime_fraction`.
    public var fraction: RuntimeFraction
    public var host: MirrorHost
    /// Changes to the copy's header lines, in order.
    ///
    /// Source: `request_headers_mutations`.
    public var mutations: [HeaderMutation]

    public init(
        cluster: ClusterSpecifier,
        fraction: RuntimeFraction = .always,
        host: MirrorHost = .suffixed,
        mutations: [HeaderMutation] = []
    ) {
        self.cluster = cluster
        self.fraction = fraction
        self.host = host
        self.mutations = mutations
    }
}

/// What the mirror sees as `Host`.
public enum MirrorHost: Sendable, Equatable {
    /// `-shadow` before the port.
    case suffixed
    /// As the primary sees it.
    ///
    /// Source: `disable_shadow_host_suffix_append`.
    case unchanged
    /// This text, verbatim.
    ///
    /// Source: `host_rewrite_literal`, which wins over the suffix switch.
    case literal(String)
}

/// A share of requests.
///
/// Source: Envoy `type.v3.FractionalPercent`.
public struct Fraction: Sendable, Equatable {
    public var numerator: UInt32
    /// 100, 10,000 or 1,000,000.
    public var denominator: UInt32

    public static let always = Fraction(numerator: 100, denominator: 100)

    public init(numerator: UInt32, denominator: UInt32) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Whether a request that drew `random` is part of the share.
    ///
    /// A numerator above the denominator means always.
    public func includes(_ random: UInt64) -> Bool {
        random % UInt64(denominator) < UInt64(numerator)
    }
}

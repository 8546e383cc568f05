// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What of HTTP/1 differs from one listener or cluster to the next.

/// HTTP/1 towards clients or towards the endpoints of one cluster; each side uses the fields that concern it.
///
/// - Source: Envoy `Http1ProtocolOptions`.
public struct HTTP1Settings: Sendable {
    public enum HeaderCase: Sendable {
        case lower
        /// The first letter of every word is raised.
        ///
        /// Source: `header_key_format.proper_case_words`.
        case proper
        /// The names that arrive on this side are kept as they are, and written so wherever the message goes.
        ///
        /// Source: the `preserve_case` formatter.
        case preserved
    }

    /// Clients only.
    public var acceptsHTTP10 = false
    /// The Host of an HTTP/1.0 request that has none; empty to refuse it.
    public var defaultHost: [UInt8] = []
    /// Trailers that arrive here are passed on, and those of the other side are sent here.
    ///
    /// Source: `enable_trailers`.
    public var passesTrailers = false
    public var headerCase = HeaderCase.lower
    /// Upstreams only: the target is a whole URL.
    ///
    /// Source: `send_fully_qualified_url`.
    public var sendsAbsoluteTarget = false

    public init() {}

    var nameStyle: NameStyle { headerCase == .proper ? .proper : .lower }
}

/// What a decoder of heads goes by.
public struct HeadRules: Sendable {
    /// What becomes of requests with an underscore in a header name.
    ///
    /// Source: Envoy `headers_with_underscores_action`.
    public enum Underscores: Sendable { case allow, reject, drop }

    public var limits: MessageLimits
    public var acceptsHTTP10 = false
    /// An HTTP/1.0 request without a Host gets one.
    public var hasDefaultHost = false
    /// Notes the names as they arrive.
    public var keepsNames = false
    public var underscores = Underscores.allow

    public init(limits: MessageLimits = MessageLimits()) {
        self.limits = limits
    }

    init(_ settings: HTTP1Settings, limits: MessageLimits, underscores: Underscores = .allow) {
        self.limits = limits
        acceptsHTTP10 = settings.acceptsHTTP10
        hasDefaultHost = !settings.defaultHost.isEmpty
        keepsNames = settings.headerCase == .preserved
        self.underscores = underscores
    }
}

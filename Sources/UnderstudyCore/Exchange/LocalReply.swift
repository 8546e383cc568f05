// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The answers that the proxy gives itself.

public struct LocalReply: Sendable {
    public let status: Int
    /// Plain text; empty for an answer without a body and without a content type.
    public let body: StaticString
    /// Adds `x-envoy-overloaded: true`.
    public let isOverloaded: Bool
    /// Envoy's response flag, `NR` for instance; empty for none.
    public let flag: StaticString
    /// Envoy's response code details.
    public let details: StaticString
    /// What clients that speak gRPC are told; `nil` for what the status stands for.
    public let statusOfGRPC: Int?

    public init(
        _ status: Int,
        _ body: StaticString = "",
        isOverloaded: Bool = false,
        flag: StaticString = "",
        details: StaticString = "",
        statusOfGRPC: Int? = nil
    ) {
        self.status = status
        self.body = body
        self.isOverloaded = isOverloaded
        self.flag = flag
        self.details = details
        self.statusOfGRPC = statusOfGRPC
    }

    public static let routeNotFound = LocalReply(404, flag: "NR", details: "route_not_found")
    /// The overload manager lets no request in.
    ///
    /// - Source: measured on Envoy 1.40, which has no flag for it.
    public static let overloaded = LocalReply(503, "envoy overloaded", details: "overload")
    /// The request is well-formed but has no Host, or a fragment in its target.
    public static let badRequestWithoutText = LocalReply(400)
    public static let badRequest = LocalReply(400, "Bad Request", details: "http1.codec_error")
    public static let upgradeRequired = LocalReply(426, "Upgrade Required", details: "low_version")
    public static let notImplemented = LocalReply(
        501,
        "Not Implemented",
        details: "http1.invalid_transfer_encoding"
    )
    public static let headTooLarge = LocalReply(
        431,
        "Request Header Fields Too Large",
        details: "http1.headers_too_large"
    )
    public static let bodyTooLarge = LocalReply(413, "Payload Too Large", details: "request_payload_too_large")
    /// The route matches but does not say where the request goes.
    public static let noForwarding = LocalReply(503)
    public static let upgradeNotEnabled = LocalReply(403, details: "upgrade_failed")
    public static let pathRefused = LocalReply(400, details: "path_normalization_failed")
    public static let headTimeout = LocalReply(408, "request header timeout", details: "request_header_timeout")
    public static let requestTimeout = LocalReply(408, "request timeout", details: "request_overall_timeout")
    public static let bodyTimeout = LocalReply(408, "stream timeout", flag: "SI", details: "stream_idle_timeout")
    /// Silence after the request was complete.
    public static let idleTimeout = LocalReply(504, "stream timeout", flag: "SI", details: "stream_idle_timeout")
    /// One try took longer than its cluster allows.
    public static let upstreamDurationTimeout = LocalReply(
        504,
        "upstream max stream duration reached",
        flag: "UMSDR",
        details: "upstream_max_stream_duration_reached"
    )
    /// A timeout in the form that a trusted client has asked for.
    public static let alternativeTimeout = LocalReply(204, flag: "UT", details: "response_timeout")

    /// The exchange as a whole took too long.
    public static func durationTimeout(requestIsComplete: Bool) -> LocalReply {
        LocalReply(
            requestIsComplete ? 504 : 408,
            "downstream duration timeout",
            flag: "DT",
            details: "max_duration_timeout",
            statusOfGRPC: 4
        )
    }

    /// The route names a cluster that there is not.
    public static func clusterNotFound(_ status: Int) -> LocalReply {
        LocalReply(status, flag: "NC", details: "cluster_not_found")
    }
}

extension ResponseHead {
    /// Becomes the head of a reply, up to what routes add to every answer.
    ///
    /// - Source: order measured on Envoy 1.40: location, what routes add, overload, attempts, length, type.
    public mutating func begin(_ draft: ReplyDraft) {
        reset()
        status = draft.status
        if let location = draft.location { headers.add("location", location, known: .other) }
    }

    /// Says that the upstream was not asked because too much is under way already.
    public mutating func addOverload(_ draft: ReplyDraft) {
        if draft.isOverloaded { headers.add("x-envoy-overloaded", "true") }
    }

    /// Adds the rest of a reply's lines.
    public mutating func addContent(_ draft: ReplyDraft) {
        if draft.isGRPC { return addStatusOfGRPC(draft) }
        guard !draft.body.isEmpty else { return }
        framing = .length(draft.body.count)
        if draft.putsTypeFirst { addType(draft) }
        headers.add("content-length", decimal: draft.body.count, known: .contentLength)
        if !draft.putsTypeFirst { addType(draft) }
    }

    /// What a route has said of the type counts.
    private mutating func addType(_ draft: ReplyDraft) {
        guard headers.firstIndex(named: Self.contentType) == nil else { return }
        headers.add("content-type", draft.contentType, known: .other)
    }

    private static let contentType = Array("content-type".utf8)
}

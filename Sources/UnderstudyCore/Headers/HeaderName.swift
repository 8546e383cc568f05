// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A configured header name arranged for comparing with lines and for writing one.

public struct HeaderName: Sendable, Equatable {
    /// Lower case.
    public let bytes: [UInt8]
    /// What the decoder would call a line of this name.
    public let known: KnownHeader
    /// Another value goes into the line that there is, behind a comma.
    public let joinsInRequests: Bool
    public let joinsInResponses: Bool

    public init(_ text: String) {
        let bytes = text.utf8.map(HeaderToken.lowercased)
        self.bytes = bytes
        known = KnownHeader(lowercased: bytes.span, at: 0, length: bytes.count)
        let name = String(decoding: bytes, as: UTF8.self)
        joinsInRequests = JoinedHeaders.everywhere.contains(name) || JoinedHeaders.requests.contains(name)
        joinsInResponses = JoinedHeaders.everywhere.contains(name) || JoinedHeaders.responses.contains(name)
    }
}

/// Names of which a message has one line at most, because Envoy joins the values with commas.
///
/// Envoy does so with received lines, too.
/// - Source: measured on Envoy 1.40.
public enum JoinedHeaders {
    /// What kind of message the lines belong to.
    public enum Side: Sendable { case request, response }

    public static let everywhere: Set<String> = [
        "cache-control", "connection", "content-encoding", "content-length", "content-type", "keep-alive",
        "proxy-connection", "proxy-status", "transfer-encoding", "upgrade", "via", "x-envoy-attempt-count",
        "x-envoy-decorator-operation", "x-request-id",
    ]

    /// Of these, which say where a message ends, repeated lines are refused or read one by one.
    static let framing: Set<String> = ["connection", "content-length", "transfer-encoding"]

    public static let requests: Set<String> = [
        "accept", "accept-encoding", "access-control-request-headers", "access-control-request-method",
        "access-control-request-private-network", "authorization", "cdn-loop", "expect", "grpc-accept-encoding",
        "grpc-timeout", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "origin",
        "pragma", "referer", "te", "user-agent", "x-client-trace-id", "x-envoy-downstream-service-cluster",
        "x-envoy-downstream-service-node", "x-envoy-expected-rq-timeout-ms", "x-envoy-external-address",
        "x-envoy-force-trace", "x-envoy-hedge-on-per-try-timeout", "x-envoy-internal", "x-envoy-ip-tags",
        "x-envoy-is-timeout-retry", "x-envoy-max-retries", "x-envoy-original-host", "x-envoy-original-path",
        "x-envoy-original-url", "x-envoy-retriable-header-names", "x-envoy-retriable-status-codes",
        "x-envoy-retry-grpc-on", "x-envoy-retry-on", "x-envoy-upstream-alt-stat-name",
        "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-upstream-rq-timeout-alt-response",
        "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-stream-duration-ms", "x-forwarded-client-cert",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
    ]

    public static let responses: Set<String> = [
        "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods",
        "access-control-allow-origin", "access-control-allow-private-network", "access-control-expose-headers",
        "access-control-max-age", "age", "date", "etag", "expires", "grpc-message", "grpc-status", "last-modified",
        "location", "server", "vary", "x-envoy-degraded", "x-envoy-immediate-health-check-fail",
        "x-envoy-ratelimited", "x-envoy-upstream-canary", "x-envoy-upstream-healthchecked-cluster",
        "x-envoy-upstream-service-time",
    ]
}

extension HeaderToken {
    /// Whether the bytes are a token, as every header name is (RFC 9110 section 5.6.2).
    public static func isName(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isTokenByte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}

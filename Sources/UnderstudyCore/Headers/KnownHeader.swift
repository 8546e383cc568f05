// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The header names that mean something to a proxy, recognised once per line so that nothing compares names later.

/// A field name with a meaning for the proxy itself; every other name is `other`.
public enum KnownHeader: UInt8, Sendable {
    case other
    // Message syntax and connection management (RFC 9110 section 7, RFC 9112).
    case host, contentLength, transferEncoding, connection, keepAlive, proxyConnection, te, trailer, upgrade, expect
    /// Belongs to an upgrade that ends here (RFC 7540 section 3.2.1).
    case http2Settings
    // Facts that a proxy adds or keeps.
    case forwardedFor, forwardedProto, requestID, date, server
    case envoyServiceTime, envoyExpectedTimeout, envoyInternal, envoyExternalAddress
    /// Instructions to the router; removed from requests that come from outside, obeyed and removed from others.
    case clientControl
    /// What only an internal client may say; removed from requests that come from outside.
    case internalOnly
    /// What is removed only where the proxy is the edge of the trusted network.
    case edgeOnly
    /// What proxies in front know of their clients' certificates.
    case clientCertificate

    /// The meaning of the lower-case name that starts at `start`.
    public init(lowercased bytes: Span<UInt8>, at start: Int, length: Int) {
        self = Self.candidate(bytes, start, length) ?? .other
    }

    private static func candidate(_ bytes: Span<UInt8>, _ start: Int, _ length: Int) -> KnownHeader? {
        func found(_ literal: StaticString, _ header: KnownHeader) -> KnownHeader? {
            ByteScan.equals(bytes, at: start, literal) ? header : nil
        }
        switch length {
        case 2: return found("te", .te)
        case 4: return found("host", .host) ?? found("date", .date)
        case 6: return found("server", .server) ?? found("expect", .expect)
        case 7: return found("upgrade", .upgrade) ?? found("trailer", .trailer)
        case 10: return found("connection", .connection) ?? found("keep-alive", .keepAlive)
        case 12: return found("x-request-id", .requestID)
        case 14: return found("content-length", .contentLength) ?? found("http2-settings", .http2Settings)
        case 15: return found("x-forwarded-for", .forwardedFor) ?? found("x-envoy-ip-tags", .internalOnly)
        case 16:
            return found("proxy-connection", .proxyConnection)
                ?? found("x-envoy-internal", .envoyInternal)
                ?? found("x-envoy-retry-on", .clientControl)
        case 17: return found("x-forwarded-proto", .forwardedProto) ?? found("transfer-encoding", .transferEncoding)
        case 23: return found("x-forwarded-client-cert", .clientCertificate)
        default: return length > 18 ? envoy(bytes, start, length) : nil
        }
    }

    /// The longer names that begin with `x-envoy-`.
    private static func envoy(_ bytes: Span<UInt8>, _ start: Int, _ length: Int) -> KnownHeader? {
        func found(_ literal: StaticString, _ header: KnownHeader) -> KnownHeader? {
            ByteScan.equals(bytes, at: start, literal) ? header : nil
        }
        switch length {
        case 19: return found("x-envoy-max-retries", .clientControl) ?? found("x-envoy-force-trace", .internalOnly)
        case 20: return found("x-envoy-original-url", .internalOnly)
        case 21:
            return found("x-envoy-retry-grpc-on", .clientControl)
                ?? found("x-envoy-original-path", .edgeOnly)
                ?? found("x-envoy-original-host", .edgeOnly)
        case 24: return found("x-envoy-external-address", .envoyExternalAddress)
        case 27: return found("x-envoy-decorator-operation", .edgeOnly)
        case 29: return found("x-envoy-upstream-service-time", .envoyServiceTime)
        case 30:
            return found("x-envoy-expected-rq-timeout-ms", .envoyExpectedTimeout)
                ?? found("x-envoy-upstream-rq-timeout-ms", .clientControl)
                ?? found("x-envoy-upstream-alt-stat-name", .clientControl)
                ?? found("x-envoy-retriable-status-codes", .clientControl)
                ?? found("x-envoy-retriable-header-names", .clientControl)
        case 31: return found("x-envoy-downstream-service-node", .edgeOnly)
        case 32: return found("x-envoy-hedge-on-per-try-timeout", .clientControl)
        case 34: return found("x-envoy-downstream-service-cluster", .edgeOnly)
        case 35: return found("x-envoy-upstream-stream-duration-ms", .clientControl)
        case 38: return found("x-envoy-upstream-rq-per-try-timeout-ms", .clientControl)
        case 40: return found("x-envoy-upstream-rq-timeout-alt-response", .clientControl)
        default: return nil
        }
    }
}

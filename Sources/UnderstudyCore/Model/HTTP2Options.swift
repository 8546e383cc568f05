// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// HTTP/2 towards clients or towards one cluster.

/// - Source: Envoy `Http2ProtocolOptions`; defaults are Envoy's unless said otherwise.
public struct HTTP2Options: Sendable, Equatable {
    public struct KeepAlive: Sendable, Equatable {
        /// Between two PINGs; zero for none.
        public var interval = Duration.zero
        /// Of a PING's answer.
        public var timeout = Duration.seconds(20)
        /// Percent of `interval` that chance adds.
        public var jitter = 15.0
        /// A connection that has been silent for this long is asked before it gets a request; zero never.
        public var idleInterval = Duration.zero

        public init() {}
    }

    /// Bytes of the table for what the peer sends.
    public var headerTableBytes = 4096
    /// Streams that the peer may have open.
    public var concurrentStreams = 1024
    /// Bytes of one stream that the peer may send unasked.
    ///
    /// Default 256 KiB here, 16 MiB in Envoy: they are kept while the other side is slow.
    public var streamWindow = 256 * 1024
    /// The same of all streams of a connection together.
    ///
    /// Default 1 MiB here, 24 MiB in Envoy.
    public var connectionWindow = 1024 * 1024
    /// Extended CONNECT (RFC 8441).
    public var allowsConnect = false
    /// Frames that may wait for a peer that does not read.
    public var outboundFrames = 10_000
    /// PING, SETTINGS and RST_STREAM frames among them.
    public var outboundControlFrames = 1_000
    /// Frames without payload and without an end of stream, in a row.
    public var consecutiveEmptyFrames = 1
    public var priorityFramesPerStream = 100
    public var windowUpdatesPerDataFrame = 10
    /// A malformed message ends its stream only; otherwise the connection.
    ///
    /// Default true here, false in Envoy for requests (RFC 9113 section 8.1.1 asks for a stream error).
    public var invalidMessageEndsStreamOnly = true
    public var keepAlive: KeepAlive?

    public init() {}
}

/// Which HTTP a side speaks.
public enum HTTPVersionChoice: Sendable, Equatable {
    case http1
    case http2
    /// Towards clients: what ALPN says or the first bytes show. Towards upstreams: what ALPN says.
    case automatic
    /// Towards upstreams: what the client speaks.
    ///
    /// Source: `use_downstream_protocol_config`.
    case sameAsDownstream
}

/// What becomes of `x-forwarded-client-cert`.
///
/// - Source: Envoy `forward_client_cert_details`.
public struct ClientCertificateForwarding: Sendable, Equatable {
    public enum Mode: Sendable, Equatable { case sanitize, forwardOnly, appendForward, sanitizeSet, alwaysForwardOnly }

    public var mode = Mode.sanitize
    /// Source: `set_current_client_cert_details`.
    public var tellsSubject = false
    public var tellsCertificate = false
    public var tellsChain = false
    public var tellsDNS = false
    public var tellsURI = false

    public init() {}
}

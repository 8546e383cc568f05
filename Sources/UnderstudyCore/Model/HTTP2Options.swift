// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// HTTP/2 towards clients or towards one cluster.

/// - Source: Envoy `Http2ProtocolOptions`; defaults are Envoy's unless said otherwise.
package struct HTTP2Options: Sendable, Equatable {
    package struct KeepAlive: Sendable, Equatable {
        /// Between two PINGs; zero for none.
        package var interval = Duration.zero
        /// Of a PING's answer.
        package var timeout = Duration.seconds(20)
        /// Percent of `interval` that chance adds.
        package var jitter = 15.0
        /// A connection that has been silent for this long is asked before it gets a request; zero never.
        package var idleInterval = Duration.zero

        package init() {}
    }

    /// Bytes of the table for what the peer sends.
    package var headerTableBytes = 4096
    /// Streams that the peer may have open.
    package var concurrentStreams = 1024
    /// Bytes of one stream that the peer may send unasked.
    ///
    /// Default 256 KiB here, 16 MiB in Envoy: they are kept while the other side is slow.
    package var streamWindow = 256 * 1024
    /// The same of all streams of a connection together.
    ///
    /// Default 1 MiB here, 24 MiB in Envoy.
    package var connectionWindow = 1024 * 1024
    /// Extended CONNECT (RFC 8441).
    package var allowsConnect = false
    /// Frames that may wait for a peer that does not read.
    package var outboundFrames = 10_000
    /// PING, SETTINGS and RST_STREAM frames among them.
    package var outboundControlFrames = 1_000
    /// Frames without payload and without an end of stream, in a row.
    package var consecutiveEmptyFrames = 1
    package var priorityFramesPerStream = 100
    package var windowUpdatesPerDataFrame = 10
    /// A malformed message ends its stream only; otherwise the connection.
    ///
    /// Default true here, false in Envoy for requests (RFC 9113 section 8.1.1 asks for a stream error).
    package var invalidMessageEndsStreamOnly = true
    package var keepAlive: KeepAlive?

    package init() {}
}

/// Which HTTP a side speaks.
package enum HTTPVersionChoice: Sendable, Equatable {
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
package struct ClientCertificateForwarding: Sendable, Equatable {
    package enum Mode: Sendable, Equatable { case sanitize, forwardOnly, appendForward, sanitizeSet, alwaysForwardOnly }

    package var mode = Mode.sanitize
    /// Source: `set_current_client_cert_details`.
    package var tellsSubject = false
    package var tellsCertificate = false
    package var tellsChain = false
    package var tellsDNS = false
    package var tellsURI = false

    package init() {}
}

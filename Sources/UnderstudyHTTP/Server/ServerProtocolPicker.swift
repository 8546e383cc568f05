// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which HTTP a client's connection is served by.

internal import UnderstudyCore

/// - Source: Envoy `codec_type`.
public enum ServerProtocolPicker {
    /// Attaches the connection that serves the client to its transport.
    ///
    /// With `automatic` it is what TLS has agreed on, or else what the first bytes show.
    public static func serve(
        _ transport: any Transport,
        service: any RequestService,
        loop: LoopContext,
        limits: ServerLimits
    ) {
        switch limits.version {
        case .http2:
            _ = HTTP2ServerConnection(transport: transport, service: service, loop: loop, limits: limits)
        case .automatic where transport.applicationProtocol == .http2:
            _ = HTTP2ServerConnection(transport: transport, service: service, loop: loop, limits: limits)
        case .http1, .automatic, .sameAsDownstream:
            let connection = HTTP1ServerConnection(transport: transport, service: service, loop: loop, limits: limits)
            // Whoever has agreed on HTTP/1.1 does not speak HTTP/2 all the same (RFC 9113 section 3.2).
            if transport.applicationProtocol == .http1 { connection.looksForHTTP2 = false }
            transport.attach(connection)
        }
    }
}

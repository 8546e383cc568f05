// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The commands of format strings, and which of Envoy's there are.

public enum FormatCommand: Sendable, Equatable {
    /// A header line, or another one if there is no such.
    public struct HeaderSource: Sendable, Equatable {
        /// Lower case; `host` for `:authority`.
        let name: [UInt8]
        /// Empty for none.
        let fallback: [UInt8]
        let limit: Int?
    }

    public enum PathSource: Sendable, Equatable {
        /// `x-envoy-original-path`, where a rewrite keeps the path that the client asked for.
        case original
        case current
        case originalOrCurrent
    }

    case requestHeader(HeaderSource)
    case responseHeader(HeaderSource)
    case responseTrailer(HeaderSource)
    case path(PathSource, withQuery: Bool, limit: Int?)
    case query(limit: Int?)
    case decodedQuery(limit: Int?)
    case queryParameter([UInt8], limit: Int?)
    /// `isLocal`: by the machine's own clock on the wall.
    case startTime(TimeFormat, isLocal: Bool)
    case emitTime(TimeFormat, isLocal: Bool)
    /// `prefixLength`: how many bits of the address are told; longer than the address means all.
    case network(FormatFact, prefixLength: Int)
    case grpcStatus(GRPCStatus.Form)
    /// `keepsBlanks`: blanks are not replaced with underscores.
    case responseDetails(keepsBlanks: Bool)
    case fact(FormatFact)
    /// From one point in time to another.
    case span(TimeSpan)
    case attempted(AttemptedHosts)
    /// The first that has a value.
    case coalesced([FormatCommand], limit: Int?)
    case tls(TLSFact.Side, TLSFact)
    /// From when, or until when, the other side's certificate is valid.
    case certificateTime(TLSFact.Side, isEnd: Bool, TimeFormat)
    /// The SNI, or before or after it a header line.
    case serverName(RequestedServerName)
    case forwardedCertificate(ForwardedCertificateValue)
    /// Has a value only where there is tracing, metadata or filter state.
    case absent
}

/// A command without argument and length, under Envoy's name.
public enum FormatFact: String, Sendable, Equatable, CaseIterable {
    case protocolName = "PROTOCOL"
    case status = "RESPONSE_CODE"
    case flags = "RESPONSE_FLAGS"
    case longFlags = "RESPONSE_FLAGS_LONG"
    case duration = "DURATION"
    case bytesReceived = "BYTES_RECEIVED"
    case bytesSent = "BYTES_SENT"
    case requestHeadersBytes = "REQUEST_HEADERS_BYTES"
    case responseHeadersBytes = "RESPONSE_HEADERS_BYTES"
    case responseTrailersBytes = "RESPONSE_TRAILERS_BYTES"
    // None of these over TCP.
    case bytesRetransmitted = "BYTES_RETRANSMITTED"
    case packetsRetransmitted = "PACKETS_RETRANSMITTED"
    case responseDuration = "RESPONSE_DURATION"
    case responseSendDuration = "RESPONSE_TX_DURATION"
    case requestDuration = "REQUEST_DURATION"
    case requestSendDuration = "REQUEST_TX_DURATION"
    case poolReadyDuration = "UPSTREAM_CONNECTION_POOL_READY_DURATION"
    case handshakeDuration = "DOWNSTREAM_HANDSHAKE_DURATION"
    case downstreamWireSent = "DOWNSTREAM_WIRE_BYTES_SENT"
    case downstreamWireReceived = "DOWNSTREAM_WIRE_BYTES_RECEIVED"
    case downstreamHeadersSent = "DOWNSTREAM_HEADER_BYTES_SENT"
    case downstreamHeadersReceived = "DOWNSTREAM_HEADER_BYTES_RECEIVED"
    case upstreamWireSent = "UPSTREAM_WIRE_BYTES_SENT"
    case upstreamWireReceived = "UPSTREAM_WIRE_BYTES_RECEIVED"
    case upstreamHeadersSent = "UPSTREAM_HEADER_BYTES_SENT"
    case upstreamHeadersReceived = "UPSTREAM_HEADER_BYTES_RECEIVED"
    case upstreamConnectionID = "UPSTREAM_CONNECTION_ID"
    case transportFailure = "UPSTREAM_TRANSPORT_FAILURE_REASON"
    case downstreamFailure = "DOWNSTREAM_TRANSPORT_FAILURE_REASON"
    case terminationDetails = "CONNECTION_TERMINATION_DETAILS"
    case virtualClusterName = "VIRTUAL_CLUSTER_NAME"
    case uniqueID = "UNIQUE_ID"
    case downstreamCloseType = "DOWNSTREAM_DETECTED_CLOSE_TYPE"
    case upstreamCloseType = "UPSTREAM_DETECTED_CLOSE_TYPE"
    case attempts = "UPSTREAM_REQUEST_ATTEMPT_COUNT"
    case connectionID = "CONNECTION_ID"
    case streamID = "STREAM_ID"
    case localReplyBody = "LOCAL_REPLY_BODY"
    case logType = "ACCESS_LOG_TYPE"
    case hostname = "HOSTNAME"
    case routeName = "ROUTE_NAME"
    case filterChainName = "FILTER_CHAIN_NAME"
    case clusterName = "UPSTREAM_CLUSTER"
    case rawClusterName = "UPSTREAM_CLUSTER_RAW"
    case remote = "DOWNSTREAM_REMOTE_ADDRESS"
    case remotePort = "DOWNSTREAM_REMOTE_PORT"
    case directRemote = "DOWNSTREAM_DIRECT_REMOTE_ADDRESS"
    case directRemotePort = "DOWNSTREAM_DIRECT_REMOTE_PORT"
    case local = "DOWNSTREAM_LOCAL_ADDRESS"
    case localPort = "DOWNSTREAM_LOCAL_PORT"
    case directLocal = "DOWNSTREAM_DIRECT_LOCAL_ADDRESS"
    case directLocalPort = "DOWNSTREAM_DIRECT_LOCAL_PORT"
    case upstreamHost = "UPSTREAM_HOST"
    case upstreamRemote = "UPSTREAM_REMOTE_ADDRESS"
    case upstreamRemotePort = "UPSTREAM_REMOTE_PORT"
    case upstreamLocal = "UPSTREAM_LOCAL_ADDRESS"
    case upstreamLocalPort = "UPSTREAM_LOCAL_PORT"
    case upstreamName = "UPSTREAM_HOST_NAME"
    case upstreamNameWithoutPort = "UPSTREAM_HOST_NAME_WITHOUT_PORT"
    case upstreamProtocol = "UPSTREAM_PROTOCOL"
    // These take a prefix length.
    case remoteHost = "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"
    case directRemoteHost = "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT"
    case localHost = "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT"
    case directLocalHost = "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT"
    case upstreamRemoteHost = "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT"
    case upstreamLocalHost = "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT"
}

extension FormatCommand {
    /// Every command that has an argument or is Envoy's alone is decided here.
    init(_ token: CommandToken) throws(FormatFault) {
        switch token.name {
        case "REQ", "REQUEST_HEADER": self = .requestHeader(try HeaderSource(token))
        case "RESP", "RESPONSE_HEADER": self = .responseHeader(try HeaderSource(token))
        case "TRAILER", "RESPONSE_TRAILER": self = .responseTrailer(try HeaderSource(token))
        case "COMMON_DURATION": self = .span(try TimeSpan(token))
        case "PATH": self = try Self.path(token)
        case "QUERY_PARAMS": self = try Self.query(token)
        case "QUERY_PARAM":
            try token.require(argument: true, limit: true)
            self = .queryParameter(token.argument, limit: token.limit)
        case "START_TIME": self = .startTime(try token.timeFormat(), isLocal: false)
        case "EMIT_TIME": self = .emitTime(try token.timeFormat(), isLocal: false)
        case "START_TIME_LOCAL": self = .startTime(try token.timeFormat(), isLocal: true)
        case "EMIT_TIME_LOCAL": self = .emitTime(try token.timeFormat(), isLocal: true)
        case "RESPONSE_CODE_DETAILS":
            try token.require(argument: false, limit: false)
            self = .responseDetails(keepsBlanks: token.argumentText == "ALLOW_WHITESPACES")
        case "GRPC_STATUS":
            try token.require(argument: false, limit: false)
            self = .grpcStatus(try GRPCStatus.Form(token.argumentText))
        case "GRPC_STATUS_NUMBER":
            try token.requireNothing()
            self = .grpcStatus(.number)
        case "REQUESTED_SERVER_NAME": self = .serverName(try RequestedServerName(token))
        case "XFCC_VALUE": self = .forwardedCertificate(try ForwardedCertificateValue(token))
        case "COALESCE": self = try Self.coalesced(token)
        default: self = try Self.fact(token)
        }
    }

    private static func fact(_ token: CommandToken) throws(FormatFault) -> FormatCommand {
        if let fact = FormatFact(rawValue: token.factName) {
            guard fact.isHost else {
                try token.requireNothing()
                return .fact(fact)
            }
            try token.require(argument: false, limit: false)
            guard let length = token.number else { return .fact(fact) }
            return length < 0 ? .absent : .network(fact, prefixLength: length)
        }
        if let hosts = AttemptedHosts(rawValue: token.name) {
            try token.requireNothing()
            return .attempted(hosts)
        }
        if let command = try tls(token) { return command }
        if try AbsentCommands.include(token) { return .absent }
        guard token.name == "CEL" else {
            throw FormatFault(.unknown, "Not supported field in StreamInfo: \(token.name)")
        }
        throw unsupported(token)
    }

    private static func unsupported(_ token: CommandToken) -> FormatFault {
        let argument = token.argument.isEmpty ? "" : "(\(token.argumentText))"
        return FormatFault(.unsupported, "%\(token.name)\(argument)% is not supported")
    }

    private static func path(_ token: CommandToken) throws(FormatFault) -> FormatCommand {
        let options = token.argument.split(separator: 0x3A, maxSplits: 2, omittingEmptySubsequences: false)
        func option(_ index: Int) -> String {
            options.indices.contains(index) ? String(decoding: options[index], as: UTF8.self) : ""
        }
        let withQuery: Bool
        switch option(0) {
        case "", "WQ": withQuery = true
        case "NQ": withQuery = false
        case let other: throw FormatFault(.invalid, "Invalid PATH option: '\(other)', only 'WQ'/'NQ' are allowed")
        }
        switch option(1) {
        case "", "ORIG_OR_PATH": return .path(.originalOrCurrent, withQuery: withQuery, limit: token.limit)
        case "ORIG": return .path(.original, withQuery: withQuery, limit: token.limit)
        case "PATH": return .path(.current, withQuery: withQuery, limit: token.limit)
        case let other:
            throw FormatFault(
                .invalid,
                "Invalid PATH option: '\(other)', only 'ORIG'/'PATH'/'ORIG_OR_PATH' are allowed"
            )
        }
    }

    private static func query(_ token: CommandToken) throws(FormatFault) -> FormatCommand {
        switch token.argumentText {
        case "", "ORIG": return .query(limit: token.limit)
        case "DECODED": return .decodedQuery(limit: token.limit)
        case let other:
            throw FormatFault(
                .invalid,
                "Invalid QUERY_PARAMS option: '\(other)', only 'ORIG'/'DECODED' are allowed"
            )
        }
    }
}

extension FormatCommand.HeaderSource {
    init(_ token: CommandToken) throws(FormatFault) {
        try token.require(argument: true, limit: true)
        let names = token.argument.split(separator: 0x3F, maxSplits: 2, omittingEmptySubsequences: false)
        guard names.count <= 2 else {
            throw FormatFault(.invalid, "More than 1 alternative header specified in token: \(token.argumentText)")
        }
        name = try Self.name(names[0])
        fallback = names.count == 2 ? try Self.name(names[1]) : []
        limit = token.limit
    }

    private static func name(_ bytes: ArraySlice<UInt8>) throws(FormatFault) -> [UInt8] {
        let isPseudo = bytes.first == 0x3A
        guard HeaderToken.isName(bytes.dropFirst(isPseudo ? 1 : 0)) || bytes.isEmpty else {
            throw FormatFault(
                .invalid,
                "Invalid header configuration. Format string contains invalid characters."
            )
        }
        let name = bytes.map(HeaderToken.lowercased)
        // Envoy keeps the Host under its HTTP/2 name, and both spellings find it.
        return name == Array(":authority".utf8) ? Array("host".utf8) : name
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a command of a format string says about one exchange.

extension FormatCommand {
    /// Writes the value.
    ///
    /// - Returns: Whether there is one; an empty value is one, too.
    func append(
        to bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) -> Bool {
        switch self {
        case .requestHeader, .responseHeader, .responseTrailer:
            return append(headerTo: &bytes, request: request, response: response, facts: facts)
        case .path, .decodedQuery, .query, .queryParameter: return append(targetTo: &bytes, request)
        case .startTime(let format, let isLocal):
            format.append(nanoseconds: facts.startTime, zone: isLocal ? facts.zone : LocalZone(), to: &bytes)
            return true
        case .emitTime(let format, let isLocal):
            let now = facts.startTime &+ facts.elapsed
            format.append(nanoseconds: now, zone: isLocal ? facts.zone : LocalZone(), to: &bytes)
            return true
        case .network(let fact, let prefixLength):
            return fact.append(networkTo: &bytes, prefixLength: prefixLength, facts)
        case .grpcStatus(let form):
            guard let status = GRPCStatus(request: request, response: response, facts: facts) else { return false }
            status.append(to: &bytes, form)
            return true
        case .responseDetails(let keepsBlanks): return facts.append(detailsTo: &bytes, keepsBlanks: keepsBlanks)
        case .fact(let fact): return fact.append(to: &bytes, request: request, response: response, facts: facts)
        case .span(let span): return bytes.append(number: span.value(facts).map { Int($0) })
        case .attempted(let hosts):
            return hosts.append(to: &bytes, request: request, response: response, facts: facts)
        case .coalesced(let choices, let limit):
            return bytes.append(upTo: limit) { bytes in
                for choice in choices
                where choice.append(to: &bytes, request: request, response: response, facts: facts) { return true }
                return false
            }
        case .tls(let side, let fact): return facts.tls(side).map { fact.append(to: &bytes, $0) } ?? false
        case .certificateTime(let side, let isEnd, let format):
            guard let certificate = facts.tls(side)?.certificate else { return false }
            format.append(seconds: isEnd ? certificate.validUntil : certificate.validFrom, to: &bytes)
            return true
        case .serverName(let name): return name.append(to: &bytes, request, facts.downstreamTLS)
        case .forwardedCertificate(let value): return value.append(to: &bytes, request)
        case .absent: return false
        }
    }

    private func append(
        headerTo bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) -> Bool {
        switch self {
        case .requestHeader(let source):
            return bytes.append(upTo: source.limit) {
                request.append(source.name, to: &$0) || request.append(source.fallback, to: &$0)
            }
        case .responseHeader(let source):
            // A copy because a borrowed optional cannot be opened; it shares the memory.
            guard let response = copy response else { return false }
            return bytes.append(upTo: source.limit) {
                response.append(source.name, to: &$0) || response.append(source.fallback, to: &$0)
            }
        case .responseTrailer(let source):
            return bytes.append(upTo: source.limit) {
                facts.append(trailer: source.name, to: &$0) || facts.append(trailer: source.fallback, to: &$0)
            }
        default: return false
        }
    }

    private func append(targetTo bytes: inout [UInt8], _ request: borrowing RequestHead) -> Bool {
        switch self {
        case .path(let source, let withQuery, let limit):
            bytes.append(upTo: limit) { request.append(source, withQuery: withQuery, to: &$0) }
        case .decodedQuery(let limit): bytes.append(upTo: limit) { request.append(decodedQueryTo: &$0) }
        case .query(let limit): bytes.append(upTo: limit) { request.append(queryTo: &$0) }
        case .queryParameter(let name, let limit):
            bytes.append(upTo: limit) { request.append(queryParameter: name, to: &$0) }
        default: false
        }
    }
}

extension FormatCommand {
    /// The value is a number or absent; such values stay numbers in JSON.
    var isNumber: Bool {
        switch self {
        case .fact(let fact): fact.isNumber
        case .grpcStatus(let form): form == .number
        case .span: true
        default: false
        }
    }
}

extension FormatFact {
    func append(
        to bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts
    ) -> Bool {
        if isNumber { return bytes.append(number: number(request, response, facts)) }
        switch self {
        case .flags: facts.append(flagsTo: &bytes) { $0 }
        case .longFlags: facts.append(flagsTo: &bytes, ResponseFlagName.long)
        case .logType: bytes.append(literal: facts.logType)
        case .downstreamCloseType: bytes.append(literal: "Normal")
        case .upstreamCloseType:
            guard facts.upstream != nil || facts.upstreamBytes != nil else { return false }
            bytes.append(literal: "Normal")
        case .localReplyBody: bytes.append(contentsOf: facts.localReplyBody)
        case .uniqueID: RequestID(facts.unique.0, facts.unique.1).append(to: &bytes)
        case .streamID: return facts.hasStreamID && request.append(Self.requestID, to: &bytes)
        case .transportFailure: return facts.append(facts.transportFailure, to: &bytes)
        case .downstreamFailure: return facts.append(facts.downstreamFailure, to: &bytes)
        case .protocolName: return bytes.append(word: facts.protocolName)
        case .upstreamProtocol: return bytes.append(word: facts.upstreamProtocol)
        case .terminationDetails: return bytes.append(word: facts.terminationDetails)
        default: return appendName(to: &bytes, facts) || appendAddress(to: &bytes, facts)
        }
        return true
    }

    /// What the configuration or the machine calls things; empty is none.
    private func appendName(to bytes: inout [UInt8], _ facts: borrowing ExchangeFacts) -> Bool {
        let name =
            switch self {
            case .hostname: facts.hostname
            case .routeName: facts.routeName
            case .filterChainName: facts.filterChainName
            case .virtualClusterName: facts.virtualClusterName
            case .clusterName, .rawClusterName: facts.clusterName
            case .upstreamName, .upstreamNameWithoutPort: facts.upstreamName
            default: [UInt8]()
            }
        bytes.append(contentsOf: name)
        return !name.isEmpty
    }

    var isNumber: Bool {
        switch self {
        case .status, .duration, .responseDuration, .bytesReceived, .bytesSent, .requestHeadersBytes,
            .responseHeadersBytes, .responseTrailersBytes, .bytesRetransmitted, .packetsRetransmitted, .attempts,
            .connectionID, .remotePort, .directRemotePort, .localPort, .directLocalPort, .upstreamRemotePort,
            .upstreamLocalPort, .responseSendDuration, .requestDuration, .requestSendDuration, .poolReadyDuration,
            .downstreamWireSent, .downstreamWireReceived, .downstreamHeadersSent, .downstreamHeadersReceived,
            .upstreamWireSent, .upstreamWireReceived, .upstreamHeadersSent, .upstreamHeadersReceived,
            .upstreamConnectionID, .handshakeDuration:
            true
        default: false
        }
    }

    private func number(
        _ request: borrowing RequestHead,
        _ response: borrowing ResponseHead?,
        _ facts: borrowing ExchangeFacts
    ) -> Int? {
        switch self {
        case .status: facts.status
        case .duration: Int(facts.elapsed / 1_000_000)
        case .responseDuration: facts.answerTime.map { Int($0 / 1_000_000) }
        case .bytesReceived: facts.bytesReceived
        case .bytesSent: facts.bytesSent
        case .requestHeadersBytes: request.countedBytes
        // A copy because a borrowed optional cannot be opened; it shares the memory.
        case .responseHeadersBytes: (copy response)?.countedBytes ?? 0
        case .attempts: facts.attempts
        case .connectionID: Int(clamping: facts.connectionID)
        case .remotePort: facts.remote.port
        case .directRemotePort: facts.directRemote.port
        case .localPort, .directLocalPort: facts.local.port
        case .upstreamRemotePort: facts.upstream?.port
        case .upstreamLocalPort: facts.upstreamLocal?.port
        case .upstreamConnectionID: Int(clamping: facts.upstreamConnectionID ?? 0)
        case .responseTrailersBytes: facts.responseTrailers?.countedBytes ?? 0
        case .responseSendDuration, .requestDuration, .requestSendDuration, .poolReadyDuration: facts.milliseconds(self)
        case .bytesRetransmitted, .packetsRetransmitted: 0
        case .handshakeDuration: facts.handshakeEnd.map { Int(($0 - facts.startTime) / 1_000_000) }
        default: facts.wireBytes(self)
        }
    }

    /// An address without its port.
    var isHost: Bool {
        switch self {
        case .remoteHost, .directRemoteHost, .localHost, .directLocalHost, .upstreamRemoteHost, .upstreamLocalHost: true
        default: false
        }
    }

    /// Writes the network that the address is in, as `address/length`.
    func append(networkTo bytes: inout [UInt8], prefixLength: Int, _ facts: borrowing ExchangeFacts) -> Bool {
        guard let address = address(facts).flatMap({ IPAddress($0.host) }) else { return false }
        let length = min(prefixLength, address.isIPv6 ? 128 : 32)
        address.network(prefixLength: length).append(to: &bytes)
        bytes.append(0x2F)
        bytes.append(decimal: length)
        return true
    }

    private static let requestID = Array("x-request-id".utf8)

    private func appendAddress(to bytes: inout [UInt8], _ facts: borrowing ExchangeFacts) -> Bool {
        guard let address = address(facts) else { return false }
        if isHost || self == .upstreamNameWithoutPort {
            bytes.append(contentsOf: address.host)
        } else {
            address.append(to: &bytes)
        }
        return true
    }

    private func address(_ facts: borrowing ExchangeFacts) -> NetworkAddress? {
        switch self {
        case .remote, .remoteHost: facts.remote
        case .directRemote, .directRemoteHost: facts.directRemote
        case .local, .localHost, .directLocal, .directLocalHost: facts.local
        case .upstreamHost, .upstreamRemote, .upstreamRemoteHost, .upstreamName, .upstreamNameWithoutPort:
            facts.upstream
        case .upstreamLocal, .upstreamLocalHost: facts.upstreamLocal
        default: nil
        }
    }
}

extension ExchangeFacts {
    /// Writes the first trailer of this name.
    fileprivate func append(trailer name: [UInt8], to bytes: inout [UInt8]) -> Bool {
        guard !name.isEmpty, let responseTrailers else { return false }
        return responseTrailers.appendValue(named: name, to: &bytes)
    }

    fileprivate func append(_ failure: [UInt8], to bytes: inout [UInt8]) -> Bool {
        let start = bytes.count
        bytes.append(contentsOf: failure)
        bytes.replaceBlanks(from: start)
        return !failure.isEmpty
    }

    /// Bytes on the wire; those of the primary are 0 if there is no connection to it.
    fileprivate func wireBytes(_ fact: FormatFact) -> Int {
        let upstream = upstreamBytes ?? WireBytes()
        return switch fact {
        case .downstreamWireSent: downstreamBytes.sent
        case .downstreamWireReceived: downstreamBytes.received
        case .downstreamHeadersSent: downstreamBytes.headersSent
        case .downstreamHeadersReceived: downstreamBytes.headersReceived
        case .upstreamWireSent: upstream.sent
        case .upstreamWireReceived: upstream.received
        case .upstreamHeadersSent: upstream.headersSent
        case .upstreamHeadersReceived: upstream.headersReceived
        default: 0
        }
    }

    fileprivate func milliseconds(_ fact: FormatFact) -> Int? {
        let nanoseconds: Int64? =
            switch fact {
            case .requestDuration: timing.requestEnd
            case .requestSendDuration: timing.upstreamSendEnd
            case .poolReadyDuration: timing.poolReady
            case .responseSendDuration: TimeSpan.responseSend.value(self)
            default: nil
            }
        return nanoseconds.map { Int($0 / 1_000_000) }
    }

    fileprivate func append(detailsTo bytes: inout [UInt8], keepsBlanks: Bool) -> Bool {
        guard let responseDetails else { return false }
        let start = bytes.count
        bytes.append(literal: responseDetails)
        // What Envoy tells of a try that was reset has the transport's own reason, where there is one.
        if !transportFailure.isEmpty, bytes.last == 0x7D {
            bytes.removeLast()
            bytes.append(0x7C)
            bytes.append(contentsOf: transportFailure)
            bytes.append(0x7D)
        }
        if !keepsBlanks { bytes.replaceBlanks(from: start) }
        return true
    }

    /// The flags with commas between them, or a dash; Envoy has no absent value here.
    func append(flagsTo bytes: inout [UInt8], _ name: (StaticString) -> StaticString) {
        if responseFlags.isEmpty { bytes.append(0x2D) }
        for (index, flag) in responseFlags.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            bytes.append(literal: name(flag))
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(number: Int?) -> Bool {
        guard let number else { return false }
        append(decimal: number)
        return true
    }

    fileprivate mutating func append(word: StaticString?) -> Bool {
        guard let word else { return false }
        append(literal: word)
        return true
    }

    /// Appends what `write` does, but no more bytes than the limit.
    mutating func append(upTo limit: Int?, write: (inout [UInt8]) -> Bool) -> Bool {
        let start = count
        let hasValue = write(&self)
        if let limit, count - start > limit { removeLast(count - start - limit) }
        return hasValue
    }

    /// Envoy puts underscores where whitespace would end a field of an access log.
    fileprivate mutating func replaceBlanks(from start: Int) {
        for index in start..<count where self[index] == 0x20 || (0x09...0x0D).contains(self[index]) {
            self[index] = 0x5F
        }
    }
}

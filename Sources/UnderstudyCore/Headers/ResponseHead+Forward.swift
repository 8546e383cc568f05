// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How an answer is changed on its way to the client, be it the primary's or the proxy's own.

extension ResponseHead {
    /// Removes what the upstream's `connection` names.
    ///
    /// Comes before anything is added.
    public mutating func endUpstreamHop() {
        guard nominatesHeaders else { return }
        nominatesHeaders = false
        let nominated = headers.nominations
        guard !nominated.isEmpty else { return }
        let bytes = headers.bytes
        headers.removeLines { line in
            switch line.known {
            case .contentLength, .connection, .upgrade: false
            default: nominated.contains { ByteScan.equals(bytes.span, line.name, $0) }
            }
        }
        headers.removeNominations()
    }

    /// Removes what ends at this hop from an answer that precedes the real one.
    ///
    /// - Source: RFC 9110 section 7.6.1, which knows no exception for these.
    public mutating func endHopOfInterim() {
        endUpstreamHop()
        removeHopByHopHeaders(keepsUpgrade: false)
    }

    /// Tells how long the upstream took; another hop's figure is replaced in its place.
    public mutating func addServiceTime(_ milliseconds: Int) {
        endUpstreamHop()
        if headers.keepFirstLine(of: .envoyServiceTime), let index = headers.firstIndex(of: .envoyServiceTime) {
            headers.setValue(at: index) { $0.append(decimal: milliseconds) }
        } else {
            headers.add("x-envoy-upstream-service-time", decimal: milliseconds, known: .envoyServiceTime)
        }
    }

    /// Removes what ends at this hop and adds what the proxy says itself.
    ///
    /// - Parameters:
    ///   - date: 29 bytes in the form of RFC 9110 section 5.6.7; an upstream's own date is kept.
    ///   - keepsUpgrade: `connection` and `upgrade` of an answer that changes the protocol go on as they are.
    /// - Source: order measured on Envoy 1.40: the upstream's lines, date, server, identifier, via.
    public mutating func finishForwarding(
        _ rules: AnswerRules,
        request: borrowing RequestHead,
        origin: RequestOrigin,
        date: [UInt8],
        keepsUpgrade: Bool = false
    ) {
        finishForwarding(rules, date: date, keepsUpgrade: keepsUpgrade)
        if rules.tellsRequestID || origin.wantsID { tellRequestID(of: request) }
        if !rules.via.isEmpty { headers.appendVia(rules.via) }
    }

    /// The same for an answer that is not to tell the request's identifier.
    public mutating func finishPlainForwarding(_ rules: AnswerRules, date: [UInt8], keepsUpgrade: Bool) {
        finishForwarding(rules, date: date, keepsUpgrade: keepsUpgrade)
        if !rules.via.isEmpty { headers.appendVia(rules.via) }
    }

    private mutating func finishForwarding(_ rules: AnswerRules, date: [UInt8], keepsUpgrade: Bool) {
        endUpstreamHop()
        removeHopByHopHeaders(keepsUpgrade: keepsUpgrade && headers.firstIndex(of: .upgrade) != nil)
        if !headers.keepFirstLine(of: .date) {
            headers.add("date", date, known: .date)
        }
        tellServer(rules)
    }

    private mutating func tellServer(_ rules: AnswerRules) {
        let line = headers.firstIndex(of: .server)
        switch rules.server {
        case .overwrite:
            guard let line else { return headers.add("server", rules.serverName, known: .server) }
            headers.keepFirstLine(of: .server)
            headers.setValue(at: line, to: rules.serverName)
        case .appendIfAbsent:
            if line == nil { headers.add("server", rules.serverName, known: .server) }
        case .passThrough: break
        }
    }

    private mutating func tellRequestID(of request: borrowing RequestHead) {
        guard let line = request.headers.firstIndex(of: .requestID) else { return }
        let value = Array(request.headers.bytes[request.headers.lines[line].value])
        if headers.keepFirstLine(of: .requestID), let index = headers.firstIndex(of: .requestID) {
            headers.setValue(at: index, to: value)
        } else {
            headers.add("x-request-id", value, known: .requestID)
        }
    }

    private mutating func removeHopByHopHeaders(keepsUpgrade: Bool) {
        // A length beside 204 says nothing (RFC 9110 section 8.6) and Envoy drops it.
        let dropsLength = status == 204
        var mustFilter = dropsLength
        for line in headers.lines where line.known.endsAtUpstreamHop { mustFilter = true }
        guard mustFilter else { return }
        headers.removeLines { line in
            switch line.known {
            case .connection, .upgrade: !keepsUpgrade
            case .contentLength: dropsLength
            default: line.known.endsAtUpstreamHop
            }
        }
    }
}

extension KnownHeader {
    fileprivate var endsAtUpstreamHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .upgrade, .transferEncoding: true
        default: false
        }
    }
}

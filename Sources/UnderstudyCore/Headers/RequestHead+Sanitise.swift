// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a client may not decide, and what every upstream is told: the step between decoding and routing.

extension RequestHead {
    /// A request that is well-formed but must not be forwarded.
    public enum Refusal: Error, Equatable {
        /// `connection` names a header by which other hops decide whom to trust.
        case nominatesForwardingHeader
    }

    /// Removes what ends at this hop and adds the facts that both primary and mirrors get.
    ///
    /// - Parameter requestID: Used only if the request has no `x-request-id` that may be kept.
    /// - Returns: What the head told about its origin.
    /// - Source: RFC 9110 section 7.6.1; the order of the additions measured on Envoy 1.40.
    public mutating func sanitise(
        _ rules: ForwardingRules,
        peer: borrowing PeerFacts,
        requestID: RequestID
    ) throws(Refusal) -> RequestOrigin {
        if nominatesHeaders {
            try removeNominatedHeaders()
        }
        var facts = ForwardedFacts(headers)
        var origin = RequestOrigin()
        if !rules.isPlain || facts.forwardedFor != nil {
            origin = self.origin(rules, peer, forwardedFor: facts.forwardedFor)
        }
        if facts.haveCompany || !rules.internalOnlyHeaders.isEmpty {
            removeEndingHeaders(origin, rules, hasCertificate: !peer.certificate.isEmpty)
            facts = ForwardedFacts(headers)
        }
        if !rules.isPlain {
            tell(rules, peer, origin, requestID)
            tellCertificate(rules.certificates, peer.certificate)
            origin.lacksScheme = lacksScheme
            return origin
        }
        if let index = facts.forwardedProto {
            origin.lacksScheme = headers.lines[index].value.isEmpty
        } else {
            headers.add("x-forwarded-proto", peer.scheme, known: .forwardedProto)
        }
        if facts.requestID == nil {
            headers.add("x-request-id", requestID, known: .requestID)
        } else {
            setIfMissing(facts.requestID, .requestID, "x-request-id") { requestID.append(to: &$0) }
        }
        tellCertificate(rules.certificates, peer.certificate)
        return origin
    }

    private var lacksScheme: Bool {
        guard let index = headers.firstIndex(of: .forwardedProto) else { return false }
        return headers.lines[index].value.isEmpty
    }

    private mutating func removeEndingHeaders(_ origin: RequestOrigin, _ rules: ForwardingRules, hasCertificate: Bool) {
        let keepsCertificates = rules.keepsCertificates(ofClientWithOne: hasCertificate)
        settleTE()
        let bytes = headers.bytes
        let expectsContinue = expectsContinue
        let keepsUpgrade = asksForUpgrade
        headers.removeLines { line in
            switch line.known {
            case .connection, .upgrade: !keepsUpgrade
            case .keepAlive, .proxyConnection, .transferEncoding, .http2Settings, .envoyInternal: true
            case .clientCertificate: !keepsCertificates
            case .clientControl, .internalOnly, .envoyExpectedTimeout: !origin.isInternal
            case .edgeOnly: origin.isEdge
            case .te: !line.value.isEmpty && !ByteScan.equals(bytes.span, line.value, Self.trailers)
            case .expect: expectsContinue
            default: false
            }
        }
        guard !origin.isInternal, !rules.internalOnlyHeaders.isEmpty else { return }
        headers.removeLines { line in
            rules.internalOnlyHeaders.contains { ByteScan.equals(bytes.span, line.name, $0) }
        }
    }

    private static let trailers = Array("trailers".utf8)

    /// Of `te` only the readiness for trailers goes on: content codings are the next hop's own affair.
    ///
    /// - Source: measured on Envoy 1.40, which looks for the element in lower case and without parameters.
    private mutating func settleTE() {
        for index in headers.lines.indices where headers.lines[index].known == .te {
            let value = headers.lines[index].value
            guard !ByteScan.equals(headers.bytes.span, value, Self.trailers) else { continue }
            if HeaderToken.contains(Self.trailers, headers.bytes.span, value) {
                headers.setValue(at: index, to: Self.trailers)
            }
        }
    }

    /// Removes the headers that `connection` names, but never those that frame the message or say whom it is for.
    private mutating func removeNominatedHeaders() throws(Refusal) {
        let nominated = headers.nominations
        for name in nominated where Self.forwardingHeaders.contains(name) {
            throw .nominatesForwardingHeader
        }
        let bytes = headers.bytes
        headers.removeLines { line in
            switch line.known {
            case .host, .contentLength, .transferEncoding, .connection, .te, .upgrade: false
            default: nominated.contains { ByteScan.equals(bytes.span, line.name, $0) }
            }
        }
        headers.removeNominations()
    }

    private static let forwardingHeaders = [
        Array("x-forwarded-for".utf8), Array("x-forwarded-proto".utf8), Array("x-forwarded-host".utf8),
    ]

    mutating func setIfMissing(
        _ index: Int?,
        _ known: KnownHeader,
        _ name: StaticString,
        writeValue: (inout [UInt8]) -> Void
    ) {
        if let index {
            guard headers.lines[index].value.isEmpty else { return }
            headers.setValue(at: index, writeValue: writeValue)
        } else {
            headers.add(name, known: known, writeValue: writeValue)
        }
    }

    /// Removes an internal client's instructions to the router once they have been read.
    ///
    /// What is said about time stays: whether it was read depends on the router's options.
    ///
    /// - Source: measured on Envoy 1.40.
    public mutating func removeRouterInstructions() {
        let bytes = headers.bytes
        headers.removeLines { line in
            line.known == .clientControl && !ByteScan.equals(bytes.span, at: line.start, "x-envoy-upstream-rq-")
        }
    }
}

/// What one pass over a request's lines finds.
private struct ForwardedFacts {
    private(set) var forwardedFor: Int?
    private(set) var forwardedProto: Int?
    private(set) var requestID: Int?
    /// There are lines that may have to be removed.
    var haveCompany = false

    init(_ headers: borrowing HeaderBlock) {
        for index in headers.lines.indices {
            switch headers.lines[index].known {
            case .forwardedFor: forwardedFor = forwardedFor ?? index
            case .forwardedProto: forwardedProto = forwardedProto ?? index
            case .requestID: requestID = requestID ?? index
            case .connection, .keepAlive, .proxyConnection, .upgrade, .transferEncoding, .te, .expect, .clientControl,
                .http2Settings, .internalOnly, .edgeOnly, .clientCertificate, .envoyInternal, .envoyExpectedTimeout:
                haveCompany = true
            default: break
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a client may not decide, and what every upstream is told: the step between decoding and routing.

extension RequestHead {
    /// A request that is well-formed but must not be forwarded.
    package enum Refusal: Error, Equatable {
        /// `connection` names a header by which other hops decide whom to trust.
        case nominatesForwardingHeader
    }

    /// Removes what ends at this hop and adds the facts that both primary and mirrors get.
    ///
    /// - Parameter requestID: Used only if the client sent no `x-request-id`.
    /// - Source: RFC 9110 section 7.6.1; the order of the additions measured on Envoy 1.40.
    package mutating func sanitise(requestID: RequestID) throws(Refusal) {
        if nominatesHeaders {
            try removeNominatedHeaders()
        }
        removeHopByHopHeaders()
        joinForwardedFor()
        setIfMissing(.forwardedProto, "x-forwarded-proto") { $0.append(literal: "http") }
        setIfMissing(.requestID, "x-request-id") { requestID.append(to: &$0) }
    }

    private mutating func removeHopByHopHeaders() {
        var hasHopByHop = false
        for line in headers.lines where line.known.mayEndHere {
            hasHopByHop = true
            break
        }
        guard hasHopByHop else { return }
        settleTE()
        let bytes = headers.bytes
        let expectsContinue = expectsContinue
        headers.removeLines { line in
            switch line.known {
            case .connection, .keepAlive, .proxyConnection, .upgrade, .transferEncoding, .clientControl,
                .envoyInternal, .envoyExpectedTimeout:
                true
            case .te: !line.value.isEmpty && !ByteScan.equals(bytes.span, line.value, Self.trailers)
            case .expect: expectsContinue
            default: false
            }
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
        var nominated: [[UInt8]] = []
        for line in headers.lines where line.known == .connection {
            nominated += HeaderToken.list(headers.bytes.span, line.value)
        }
        for name in nominated where Self.forwardingHeaders.contains(name) {
            throw .nominatesForwardingHeader
        }
        let bytes = headers.bytes
        headers.removeLines { line in
            switch line.known {
            case .host, .contentLength, .transferEncoding, .connection, .te: false
            default: nominated.contains { ByteScan.equals(bytes.span, line.name, $0) }
            }
        }
    }

    private static let forwardingHeaders = [
        Array("x-forwarded-for".utf8), Array("x-forwarded-proto".utf8), Array("x-forwarded-host".utf8),
    ]

    /// Several `x-forwarded-for` lines become one at the place of the first, as Envoy writes them.
    private mutating func joinForwardedFor() {
        guard let first = headers.firstIndex(of: .forwardedFor) else { return }
        var values: [Range<Int>] = []
        for line in headers.lines[first...] where line.known == .forwardedFor { values.append(line.value) }
        guard values.count > 1 else { return }
        headers.keepFirstLine(of: .forwardedFor)
        headers.setValue(at: first, joining: values)
    }

    private mutating func setIfMissing(
        _ known: KnownHeader,
        _ name: StaticString,
        writeValue: (inout [UInt8]) -> Void
    ) {
        if let index = headers.firstIndex(of: known) {
            guard headers.lines[index].value.isEmpty else { return }
            headers.setValue(at: index, writeValue: writeValue)
        } else {
            headers.add(name, known: known, writeValue: writeValue)
        }
    }
}

extension KnownHeader {
    /// Whether a request line of this name may have to be removed here.
    fileprivate var mayEndHere: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .upgrade, .transferEncoding, .clientControl, .te, .expect,
            .envoyInternal, .envoyExpectedTimeout:
            true
        default: false
        }
    }
}

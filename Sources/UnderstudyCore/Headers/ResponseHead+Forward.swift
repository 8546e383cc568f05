// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the primary's answer is changed on its way to the client.

extension ResponseHead {
    /// Removes what ends at this hop and adds what the proxy says itself.
    ///
    /// - Parameters:
    ///   - serviceTime: Milliseconds from the end of the request to this head, or `nil` to say nothing.
    ///   - date: 29 bytes in the form of RFC 9110 section 5.6.7; an upstream's own date is kept.
    ///   - server: Replaces the upstream's, in its place.
    /// - Source: order measured on Envoy 1.40: the upstream's lines, service time, date, server.
    package mutating func prepareForClient(serviceTime: Int?, date: [UInt8], server: [UInt8]) {
        removeHopByHopHeaders()
        if let serviceTime {
            var digits: [UInt8] = []
            headers.keepFirstLine(of: .envoyServiceTime)
            if let index = headers.firstIndex(of: .envoyServiceTime) {
                digits.append(decimal: serviceTime)
                headers.setValue(at: index, to: digits)
            } else {
                headers.add("x-envoy-upstream-service-time", decimal: serviceTime, known: .envoyServiceTime)
            }
        }
        if !headers.keepFirstLine(of: .date) {
            headers.add("date", date, known: .date)
        }
        if headers.keepFirstLine(of: .server), let index = headers.firstIndex(of: .server) {
            headers.setValue(at: index, to: server)
        } else {
            headers.add("server", server, known: .server)
        }
    }

    private mutating func removeHopByHopHeaders() {
        var nominated: [[UInt8]] = []
        if nominatesHeaders {
            for line in headers.lines where line.known == .connection {
                nominated += HeaderToken.list(headers.bytes.span, line.value)
            }
        }
        // A length beside 204 says nothing (RFC 9110 section 8.6) and Envoy drops it.
        let dropsLength = status == 204
        var mustFilter = !nominated.isEmpty || dropsLength
        for line in headers.lines where line.known.endsAtUpstreamHop { mustFilter = true }
        guard mustFilter else { return }
        let bytes = headers.bytes
        headers.removeLines { line in
            if line.known.endsAtUpstreamHop { return true }
            if line.known == .contentLength { return dropsLength }
            return nominated.contains { ByteScan.equals(bytes.span, line.name, $0) }
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

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One spelling for every Host: ports and dots that mean nothing to the route table.

extension RequestHead {
    /// Takes the port or the trailing dot off the Host, as the options ask for.
    ///
    /// - Parameter listenerPort: The port that the request came to.
    /// - Returns: The port of a CONNECT request, whose upstream must get it back.
    /// - Source: Envoy `strip_trailing_host_dot`, `strip_matching_host_port`, `strip_any_host_port`, in Envoy's order;
    ///   measured on Envoy 1.40.
    public mutating func settleHost(_ options: HostOptions, listenerPort: UInt16) -> UInt32? {
        if options.stripsTrailingDot { stripTrailingDot() }
        guard options.port != .keep else { return nil }
        let host = host
        let bare = HostSyntax.withoutPort(headers.bytes.span, host)
        guard bare != host,
            let number = Decimal.lenientUnsigned(headers.bytes.span, bare.upperBound + 1..<host.upperBound),
            let port = UInt32(exactly: number),
            options.port == .strip || port == UInt32(listenerPort)
        else { return nil }
        headers.setValue(at: Self.hostLine, prefix: bare)
        return method == .connect ? port : nil
    }

    /// The dot at the end, or before the port.
    private mutating func stripTrailingDot() {
        let host = host
        var dot = host.upperBound
        while dot > host.lowerBound, headers.bytes[dot - 1] != 0x2E { dot -= 1 }
        guard dot > host.lowerBound, dot == host.upperBound || headers.bytes[dot] == 0x3A else { return }
        headers.setValue(at: Self.hostLine, prefix: host.lowerBound..<dot - 1, suffix: dot..<host.upperBound)
    }

    /// Gives a Host without a port this one.
    mutating func restorePort(_ port: UInt32) {
        let host = host
        guard HostSyntax.withoutPort(headers.bytes.span, host) == host else { return }
        headers.setValue(at: Self.hostLine, prefix: host, infix: Array(":\(port)".utf8))
    }
}

extension HostSyntax {
    /// What stands before the last colon, unless that is part of a bracketed address.
    public static func withoutPort(_ bytes: Span<UInt8>, _ host: Range<Int>) -> Range<Int> {
        var offset = host.upperBound
        while offset > host.lowerBound {
            offset -= 1
            if bytes[offset] == 0x5D { return host }
            if bytes[offset] == 0x3A { return host.lowerBound..<offset }
        }
        return host
    }
}

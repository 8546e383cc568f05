// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What sets a mirror's head apart from the primary's.

extension RequestHead {
    /// Turns a copy of the primary's head into the head that one mirror gets.
    ///
    /// A Host that a mutation removed stays away, unless the policy gives one.
    ///
    /// - Parameters:
    ///   - host: How the policy wants the Host.
    ///   - localAddress: The proxy's own address, added to `x-forwarded-for` because the proxy is the mirror's client.
    /// - Source: measured on Envoy 1.40: Host, then `x-envoy-internal`, then `x-forwarded-for`; an internal
    ///   request's `x-envoy-internal` stays in its place.
    public mutating func becomeMirror(host policy: MirrorRule.Host, localAddress: [UInt8]) {
        switch policy {
        case .unchanged where lacksHost && host.isEmpty: headers.removeLine(at: Self.hostLine)
        case .unchanged: break
        case .literal(let text): headers.setValue(at: Self.hostLine, to: text)
        case .suffixed:
            let split = MirrorHost.suffixOffset(in: headers.bytes.span, host: host)
            headers.setValue(
                at: Self.hostLine,
                prefix: host.lowerBound..<split,
                infix: MirrorHost.suffix,
                suffix: split..<host.upperBound
            )
        }
        if headers.keepFirstLine(of: .envoyInternal), let index = headers.firstIndex(of: .envoyInternal) {
            headers.setValue(at: index) { $0.append(literal: "true") }
        } else {
            headers.add("x-envoy-internal", "true", known: .envoyInternal)
        }
        appendForwardedFor(localAddress)
    }
}

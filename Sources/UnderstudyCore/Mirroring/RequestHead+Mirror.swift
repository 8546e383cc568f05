// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What sets a mirror's head apart from the primary's.

extension RequestHead {
    /// Turns a copy of the primary's head into the head that one mirror gets.
    ///
    /// - Parameters:
    ///   - host: How the policy wants the Host.
    ///   - localAddress: The proxy's own address, added to `x-forwarded-for` because the proxy is the mirror's client.
    /// - Source: measured on Envoy 1.40: Host, then `x-envoy-internal`, then `x-forwarded-for`.
    package mutating func becomeMirror(host policy: MirrorRule.Host, localAddress: [UInt8]) {
        switch policy {
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
        headers.add("x-envoy-internal", "true", known: .envoyInternal)
        guard let index = headers.firstIndex(of: .forwardedFor) else {
            headers.add("x-forwarded-for", localAddress, known: .forwardedFor)
            return
        }
        let client = headers.lines[index].value
        if client.isEmpty {
            headers.setValue(at: index, to: localAddress)
        } else {
            headers.setValue(at: index, prefix: client, infix: [0x2C] + localAddress)
        }
    }
}

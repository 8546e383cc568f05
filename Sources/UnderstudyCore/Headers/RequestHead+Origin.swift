// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a request comes from: who is the client, and does the trusted network vouch for it.

extension RequestHead {
    /// Decides where the request comes from, by the head as it arrived.
    ///
    /// - Parameter forwardedFor: The line of that name.
    /// - Source: Envoy `HttpConnectionManager.use_remote_address`, `xff_num_trusted_hops`, `internal_address_config`.
    func origin(_ rules: ForwardingRules, _ peer: borrowing PeerFacts, forwardedFor: Int?) -> RequestOrigin {
        var origin = RequestOrigin()
        var mayBeInternal = false
        if rules.usesRemoteAddress {
            mayBeInternal = forwardedFor == nil
            if rules.trustedHops > 0, let forwardedFor {
                origin.client = trustedAddress(forwardedFor, skipping: rules.trustedHops - 1).address
            }
        } else if let forwardedFor {
            let found = trustedAddress(forwardedFor, skipping: rules.trustedHops)
            origin.client = found.address
            mayBeInternal = found.isAlone
        }
        guard !rules.isPlain else { return origin }
        if mayBeInternal, !rules.internalRanges.isEmpty,
            let address = origin.client ?? (rules.usesRemoteAddress ? peer.address : nil)
        {
            origin.isInternal = rules.internalRanges.contains { $0.contains(address) }
        }
        origin.isEdge = rules.usesRemoteAddress && !origin.isInternal
        origin.wantsID = origin.isInternal && headers.firstIndex(named: Self.forceTrace) != nil
        return origin
    }

    /// One address of the list, counted from its end.
    ///
    /// - Returns: `nil` if there are too few, or it is none; and whether it is the list's only one.
    private func trustedAddress(_ line: Int, skipping count: Int) -> (address: IPAddress?, isAlone: Bool) {
        let bytes = headers.bytes.span
        let value = headers.lines[line].value
        var end = value.upperBound
        for _ in 0..<count {
            guard let comma = Self.lastComma(bytes, value.lowerBound..<end) else { return (nil, false) }
            end = comma
        }
        let comma = Self.lastComma(bytes, value.lowerBound..<end)
        var start = comma.map { $0 + 1 } ?? value.lowerBound
        while start < end, Self.isBlank(bytes[start]) { start += 1 }
        while start < end, Self.isBlank(bytes[end - 1]) { end -= 1 }
        let address = IPAddress(bytes, start..<end)
        return (address, address != nil && comma == nil && count == 0)
    }

    private static func lastComma(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var offset = range.upperBound
        while offset > range.lowerBound {
            offset -= 1
            if bytes[offset] == 0x2C { return offset }
        }
        return nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static let forceTrace = Array("x-envoy-force-trace".utf8)
}

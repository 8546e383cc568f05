// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What upstreams are told where the configuration wants more than the protocol and an identifier.

extension RequestHead {
    /// Adds the facts of a configured connection manager, in Envoy's order.
    ///
    /// - Source: measured on Envoy 1.40: hops, protocol, port, internal, service, via, client, identifier.
    mutating func tell(
        _ rules: ForwardingRules,
        _ peer: borrowing PeerFacts,
        _ origin: RequestOrigin,
        _ requestID: RequestID
    ) {
        tellHops(rules, peer)
        if !rules.scheme.isEmpty {
            set(headers.firstIndex(of: .forwardedProto), "x-forwarded-proto", known: .forwardedProto, rules.scheme)
        }
        if origin.isInternal { headers.add("x-envoy-internal", "true", known: .envoyInternal) }
        if rules.addsUserAgent { tellService(rules) }
        if !rules.via.isEmpty { headers.appendVia(rules.via) }
        if origin.isEdge, let client = origin.client ?? peer.address { tellClient(client) }
        guard rules.generatesRequestID else { return }
        let line = headers.firstIndex(of: .requestID)
        if let line, origin.isEdge, !rules.preservesExternalID {
            headers.setValue(at: line) { requestID.append(to: &$0) }
        } else {
            setIfMissing(line, .requestID, "x-request-id") { requestID.append(to: &$0) }
        }
    }

    private mutating func tellHops(_ rules: ForwardingRules, _ peer: borrowing PeerFacts) {
        // Whoever is not behind a trusted hop says nothing about how it was reached.
        let overrules = rules.usesRemoteAddress && rules.trustedHops == 0
        if rules.usesRemoteAddress, !rules.skipsAppend, !peer.forwardedAddress.isEmpty {
            appendForwardedFor(peer.forwardedAddress)
        }
        let proto = headers.firstIndex(of: .forwardedProto)
        if proto == nil || overrules {
            let scheme = peer.scheme
            set(proto, "x-forwarded-proto", known: .forwardedProto) { $0.append(literal: scheme) }
        }
        guard rules.appendsPort else { return }
        let port = headers.firstIndex(named: Self.forwardedPort)
        guard port == nil || overrules else { return }
        headers.keepFirstLine(named: Self.forwardedPort)
        let number = peer.localPort
        set(port, "x-forwarded-port") { $0.append(decimal: number) }
    }

    /// Adds a hop to the list, in the place of the list.
    mutating func appendForwardedFor(_ address: [UInt8]) {
        guard let index = headers.firstIndex(of: .forwardedFor) else {
            headers.add("x-forwarded-for", address, known: .forwardedFor)
            return
        }
        let hops = headers.lines[index].value
        if hops.isEmpty {
            headers.setValue(at: index, to: address)
        } else {
            headers.setValue(at: index, prefix: hops, infix: [0x2C] + address)
        }
    }

    /// - Source: measured on Envoy 1.40, which tells an empty name, too, but no empty node.
    private mutating func tellService(_ rules: ForwardingRules) {
        headers.keepFirstLine(named: Self.serviceCluster)
        set(
            headers.firstIndex(named: Self.serviceCluster),
            "x-envoy-downstream-service-cluster",
            known: .edgeOnly,
            rules.serviceCluster
        )
        let agent = headers.firstIndex(named: Self.userAgent)
        if agent.map({ headers.lines[$0].value.isEmpty }) ?? true { set(agent, "user-agent", rules.serviceCluster) }
        guard !rules.serviceNode.isEmpty else { return }
        headers.keepFirstLine(named: Self.serviceNode)
        let node = headers.firstIndex(named: Self.serviceNode)
        set(node, "x-envoy-downstream-service-node", known: .edgeOnly, rules.serviceNode)
    }

    private mutating func tellClient(_ client: IPAddress) {
        headers.keepFirstLine(of: .envoyExternalAddress)
        set(headers.firstIndex(of: .envoyExternalAddress), "x-envoy-external-address", known: .envoyExternalAddress) {
            client.append(to: &$0)
        }
    }

    private mutating func set(
        _ index: Int?,
        _ name: StaticString,
        known: KnownHeader = .other,
        writeValue: (inout [UInt8]) -> Void
    ) {
        if let index {
            headers.setValue(at: index, writeValue: writeValue)
        } else {
            headers.add(name, known: known, writeValue: writeValue)
        }
    }

    private mutating func set(_ index: Int?, _ name: StaticString, known: KnownHeader = .other, _ value: [UInt8]) {
        set(index, name, known: known) { $0.append(contentsOf: value) }
    }

    private static let forwardedPort = Array("x-forwarded-port".utf8)
    private static let userAgent = Array("user-agent".utf8)
    private static let serviceCluster = Array("x-envoy-downstream-service-cluster".utf8)
    private static let serviceNode = Array("x-envoy-downstream-service-node".utf8)
}

extension HeaderBlock {
    /// Adds a hop to `via`, behind those that it names already.
    ///
    /// - Source: measured on Envoy 1.40, which joins received lines without a blank and adds its own hop with one.
    mutating func appendVia(_ via: [UInt8]) {
        guard let index = firstIndex(named: Self.viaName) else { return add("via", via, known: .other) }
        extendValue(at: index) { bytes, isEmpty in
            if !isEmpty { bytes.append(literal: ", ") }
            bytes.append(contentsOf: via)
        }
    }

    /// Removes all but the first line of the lower-case name.
    mutating func keepFirstLine(named name: [UInt8]) {
        guard let first = firstIndex(named: name) else { return }
        var index = lines.count - 1
        while index > first {
            if ByteScan.equals(bytes.span, lines[index].name, name) { removeLine(at: index) }
            index -= 1
        }
    }

    private static let viaName = Array("via".utf8)
}

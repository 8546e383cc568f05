// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whom a connection manager believes and what it tells upstreams, arranged once for every request.

/// `ForwardingOptions` and its kin in the form that the request path reads; immutable.
public final class ForwardingRules: Sendable {
    let usesRemoteAddress: Bool
    let trustedHops: Int
    let skipsAppend: Bool
    let internalRanges: [AddressRange]
    let appendsPort: Bool
    /// The value of `x-forwarded-proto` whatever anybody says; empty for none.
    let scheme: [UInt8]
    let via: [UInt8]
    let generatesRequestID: Bool
    let preservesExternalID: Bool
    /// Lower case.
    let internalOnlyHeaders: [[UInt8]]
    /// Tells upstreams the service's own name.
    let addsUserAgent: Bool
    let serviceCluster: [UInt8]
    let serviceNode: [UInt8]
    let certificates: ClientCertificateForwarding.Mode
    /// Nothing is told but `x-forwarded-proto` and `x-request-id`.
    let isPlain: Bool

    /// - Parameters:
    ///   - serviceCluster: Source: Envoy `node.cluster`.
    ///   - serviceNode: Source: Envoy `node.id`.
    public init(_ manager: ConnectionManager, serviceCluster: String = "", serviceNode: String = "") {
        let options = manager.forwarding
        usesRemoteAddress = options.usesRemoteAddress
        trustedHops = options.trustedHops
        skipsAppend = options.skipsAppend
        internalRanges = options.internalRanges
        appendsPort = options.appendsPort
        scheme = if case .overwrite(let scheme) = options.scheme { Array(scheme.utf8) } else { [] }
        via = Array(options.via.utf8)
        generatesRequestID = manager.requestID.generates
        preservesExternalID = manager.requestID.preservesExternal
        internalOnlyHeaders = manager.routes.internalOnlyHeaders.map { $0.utf8.map(HeaderToken.lowercased) }
        addsUserAgent = manager.addsUserAgent
        certificates = manager.clientCertificate.mode
        self.serviceCluster = Array(serviceCluster.utf8)
        self.serviceNode = Array(serviceNode.utf8)
        isPlain =
            !usesRemoteAddress && internalRanges.isEmpty && !appendsPort && scheme.isEmpty && via.isEmpty
            && generatesRequestID && internalOnlyHeaders.isEmpty && !addsUserAgent
    }
}

extension ForwardingRules {
    /// Whether a client's word on certificates counts, which takes one of its own unless anybody's does.
    func keepsCertificates(ofClientWithOne hasCertificate: Bool) -> Bool {
        switch certificates {
        case .sanitize: false
        case .alwaysForwardOnly: true
        case .forwardOnly, .appendForward, .sanitizeSet: hasCertificate
        }
    }
}

/// The two ends of a client's connection; made once for it.
public struct PeerFacts: Sendable {
    /// The client's end, if it has an address.
    let address: IPAddress?
    /// What `x-forwarded-for` says of the client.
    ///
    /// - Source: Envoy writes the proxy's own address for a client on the same machine.
    let forwardedAddress: [UInt8]
    /// What the connection makes of `x-forwarded-proto`.
    let scheme: StaticString
    /// The port that the client reached.
    let localPort: Int
    /// What `x-forwarded-client-cert` says of the client's own certificate; empty if it has shown none.
    let certificate: [UInt8]

    /// - Parameters:
    ///   - proxy: The machine's own address as text.
    ///   - certificate: From `TLSPeer.certificateElement`.
    public init(
        remote: NetworkAddress,
        local: NetworkAddress,
        proxy: [UInt8],
        isTLS: Bool = false,
        certificate: [UInt8] = []
    ) {
        // A listener for both families sees IPv4 clients under their IPv6 names.
        let address = IPAddress(remote.host)?.unmapped
        self.address = address
        forwardedAddress = if let address { address.isLoopback ? proxy : address.text } else { [] }
        scheme = isTLS ? "https" : "http"
        localPort = local.port
        self.certificate = certificate
    }
}

/// What was found out about where a request comes from.
public struct RequestOrigin: Sendable, Equatable {
    /// The client belongs to the trusted network: it may give instructions to the router.
    public internal(set) var isInternal = false
    /// The proxy is the first of the trusted network.
    var isEdge = false
    /// An internal client wants to hear its `x-request-id`.
    public internal(set) var wantsID = false
    /// `x-forwarded-proto` came without a value, so that there is no route.
    ///
    /// - Source: measured on Envoy 1.40: 404.
    public internal(set) var lacksScheme = false
    /// The client, if it is not the peer.
    var client: IPAddress?

    public init() {}

    /// The client as the proxy believes it: the peer, or what trusted proxies say.
    public func clientAddress(_ peer: NetworkAddress) -> NetworkAddress {
        guard let client else { return peer }
        return NetworkAddress(host: client.text, port: 0)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS as it is configured, on both sides; nothing here has been read or checked by a TLS library yet.

/// Bytes in a file of their own, or within the configuration.
///
/// - Source: Envoy `core.v3.DataSource`.
public enum TLSSource: Sendable, Hashable {
    /// Looked at again when the file changes.
    case file(String)
    case inline([UInt8])
}

/// A certificate with its chain, and the private key to it, in PEM.
///
/// - Source: Envoy `TlsCertificate`.
public struct TLSIdentity: Sendable, Hashable {
    public var chain: TLSSource
    public var key: TLSSource
    /// Of an encrypted key; `nil` for none.
    public var password: TLSSource?
    /// Where it stands in the configuration, for error messages: `file:line:column: path`.
    public var place = ""

    public init(chain: TLSSource, key: TLSSource) {
        self.chain = chain
        self.key = key
    }
}

public enum TLSVersion: Int, Sendable, Hashable, Comparable {
    case tls10, tls11, tls12, tls13

    public static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}

/// - Source: Envoy `TlsParameters`.
public struct TLSParameters: Sendable, Hashable {
    /// Envoy's default on both sides.
    public var minimum = TLSVersion.tls12
    /// `nil` for the side's default: 1.3 towards clients, 1.2 towards upstreams in Envoy.
    public var maximum: TLSVersion?
    /// As the TLS library names them, up to TLS 1.2; empty for the default.
    public var cipherSuites: [String] = []
    /// `X25519`, `P-256` and the like; empty for the default.
    public var curves: [String] = []

    public init() {}
}

/// How the other side's certificate is judged.
///
/// - Source: Envoy `CertificateValidationContext`.
public struct PeerValidation: Sendable, Equatable {
    /// A certificate in PEM that signs the peer's; `nil`: nothing is asked of who signed it.
    public var trustedCA: TLSSource?
    /// SHA-256 of the peer's certificate in DER; any of them will do.
    public var certificateHashes: [[UInt8]] = []
    /// SHA-256 of the peer's public key info in DER; any of them will do.
    public var keyPins: [[UInt8]] = []
    /// Any of them will do; empty for no check.
    ///
    /// Source: `match_typed_subject_alt_names`.
    public var names: [SubjectNameMatcher] = []
    /// Source: `allow_expired_certificate`.
    public var allowsExpired = false
    /// Certificates that no authority vouches for are taken, too, and only counted.
    ///
    /// Source: `trust_chain_verification: ACCEPT_UNTRUSTED`.
    public var acceptsUntrusted = false
    /// Where it stands in the configuration, for error messages.
    public var place = ""

    public init() {}
}

/// - Source: Envoy `SubjectAltNameMatcher`.
public struct SubjectNameMatcher: Sendable, Equatable {
    public enum Kind: Sendable, Equatable { case dns, uri, email, ipAddress }

    public var kind: Kind
    public var value: StringMatcher

    public init(_ kind: Kind, _ value: StringMatcher) {
        self.kind = kind
        self.value = value
    }
}

/// Towards clients.
///
/// - Source: Envoy `DownstreamTlsContext`.
public struct DownstreamTLS: Sendable, Equatable {
    public var parameters = TLSParameters()
    /// At least one.
    public var identities: [TLSIdentity] = []
    /// In the order of preference; empty for none.
    public var applicationProtocols: [String] = []
    /// `nil`: no certificate is asked for, unless one is required.
    public var validation: PeerValidation?
    public var requiresCertificate = false
    /// Source: `disable_stateless_session_resumption`.
    public var offersTickets = true

    public init() {}
}

/// Towards the endpoints of a cluster.
///
/// - Source: Envoy `UpstreamTlsContext`.
public struct UpstreamTLS: Sendable, Equatable {
    public var parameters = TLSParameters()
    /// Shown to an upstream that asks; `nil` for none.
    public var identity: TLSIdentity?
    public var applicationProtocols: [String] = []
    /// `nil`: whatever the upstream shows is taken.
    public var validation: PeerValidation?
    /// Empty for none.
    public var sni = ""
    /// The endpoint's `hostname` is its SNI.
    ///
    /// Source: `auto_host_sni`.
    public var usesHostnameAsSNI = false
    /// The certificate has to be for the name that was asked for.
    ///
    /// Source: `auto_sni_san_validation`.
    public var validatesSNI = false

    public init() {}
}

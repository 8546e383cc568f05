// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS as it is configured, on both sides; nothing here has been read or checked by a TLS library yet.

/// Bytes in a file of their own, or within the configuration.
///
/// - Source: Envoy `core.v3.DataSource`.
package enum TLSSource: Sendable, Hashable {
    /// Looked at again when the file changes.
    case file(String)
    case inline([UInt8])
}

/// A certificate with its chain, and the private key to it, in PEM.
///
/// - Source: Envoy `TlsCertificate`.
package struct TLSIdentity: Sendable, Hashable {
    package var chain: TLSSource
    package var key: TLSSource
    /// Of an encrypted key; `nil` for none.
    package var password: TLSSource?
    /// Where it stands in the configuration, for error messages: `file:line:column: path`.
    package var place = ""

    package init(chain: TLSSource, key: TLSSource) {
        self.chain = chain
        self.key = key
    }
}

package enum TLSVersion: Int, Sendable, Hashable, Comparable {
    case tls10, tls11, tls12, tls13

    package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}

/// - Source: Envoy `TlsParameters`.
package struct TLSParameters: Sendable, Hashable {
    /// Envoy's default on both sides.
    package var minimum = TLSVersion.tls12
    /// `nil` for the side's default: 1.3 towards clients, 1.2 towards upstreams in Envoy.
    package var maximum: TLSVersion?
    /// As the TLS library names them, up to TLS 1.2; empty for the default.
    package var cipherSuites: [String] = []
    /// `X25519`, `P-256` and the like; empty for the default.
    package var curves: [String] = []

    package init() {}
}

/// How the other side's certificate is judged.
///
/// - Source: Envoy `CertificateValidationContext`.
package struct PeerValidation: Sendable, Equatable {
    /// A certificate in PEM that signs the peer's; `nil`: nothing is asked of who signed it.
    package var trustedCA: TLSSource?
    /// SHA-256 of the peer's certificate in DER; any of them will do.
    package var certificateHashes: [[UInt8]] = []
    /// SHA-256 of the peer's public key info in DER; any of them will do.
    package var keyPins: [[UInt8]] = []
    /// Any of them will do; empty for no check.
    ///
    /// Source: `match_typed_subject_alt_names`.
    package var names: [SubjectNameMatcher] = []
    /// Source: `allow_expired_certificate`.
    package var allowsExpired = false
    /// Certificates that no authority vouches for are taken, too, and only counted.
    ///
    /// Source: `trust_chain_verification: ACCEPT_UNTRUSTED`.
    package var acceptsUntrusted = false
    /// Where it stands in the configuration, for error messages.
    package var place = ""

    package init() {}
}

/// - Source: Envoy `SubjectAltNameMatcher`.
package struct SubjectNameMatcher: Sendable, Equatable {
    package enum Kind: Sendable, Equatable { case dns, uri, email, ipAddress }

    package var kind: Kind
    package var value: StringMatcher

    package init(_ kind: Kind, _ value: StringMatcher) {
        self.kind = kind
        self.value = value
    }
}

/// Towards clients.
///
/// - Source: Envoy `DownstreamTlsContext`.
package struct DownstreamTLS: Sendable, Equatable {
    package var parameters = TLSParameters()
    /// At least one.
    package var identities: [TLSIdentity] = []
    /// In the order of preference; empty for none.
    package var applicationProtocols: [String] = []
    /// `nil`: no certificate is asked for, unless one is required.
    package var validation: PeerValidation?
    package var requiresCertificate = false
    /// Source: `disable_stateless_session_resumption`.
    package var offersTickets = true

    package init() {}
}

/// Towards the endpoints of a cluster.
///
/// - Source: Envoy `UpstreamTlsContext`.
package struct UpstreamTLS: Sendable, Equatable {
    package var parameters = TLSParameters()
    /// Shown to an upstream that asks; `nil` for none.
    package var identity: TLSIdentity?
    package var applicationProtocols: [String] = []
    /// `nil`: whatever the upstream shows is taken.
    package var validation: PeerValidation?
    /// Empty for none.
    package var sni = ""
    /// The endpoint's `hostname` is its SNI.
    ///
    /// Source: `auto_host_sni`.
    package var usesHostnameAsSNI = false
    /// The certificate has to be for the name that was asked for.
    ///
    /// Source: `auto_sni_san_validation`.
    package var validatesSNI = false

    package init() {}
}

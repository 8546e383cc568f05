// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a TLS handshake has settled, and who is at the other end, for whoever tells of it.

/// Of one connection; made when its handshake is over, and never changed.
public final class TLSPeer: Sendable {
    /// `TLSv1.3` and the like.
    public let version: StaticString
    /// As OpenSSL calls it, such as `ECDHE-RSA-AES128-GCM-SHA256`; empty if it is not known.
    public let cipher: StaticString
    /// The group of the key exchange, such as `X25519`; empty if it is not known.
    public let curve: StaticString
    /// The SNI, in lower case; empty for none.
    public let serverName: [UInt8]
    /// What ALPN has agreed on; empty for nothing.
    public let applicationProtocol: [UInt8]
    /// Of the session, in hexadecimal; empty for none.
    public let sessionID: [UInt8]
    /// The session is one of before.
    public let isResumed: Bool
    /// What the other end has shown; `nil` for nothing.
    public let certificate: CertificateFacts?
    /// What this end has shown; `nil` for nothing.
    public let ownCertificate: CertificateFacts?

    public init(
        version: StaticString,
        cipher: StaticString = "",
        curve: StaticString = "",
        serverName: [UInt8] = [],
        applicationProtocol: [UInt8] = [],
        sessionID: [UInt8] = [],
        isResumed: Bool = false,
        certificate: CertificateFacts? = nil,
        ownCertificate: CertificateFacts? = nil
    ) {
        self.version = version
        self.cipher = cipher
        self.curve = curve
        self.serverName = serverName
        self.applicationProtocol = applicationProtocol
        self.sessionID = sessionID
        self.isResumed = isResumed
        self.certificate = certificate
        self.ownCertificate = ownCertificate
    }
}

/// What a certificate says; all texts as bytes, since they go into headers and log lines.
public final class CertificateFacts: Sendable {
    /// RFC 2253: the last part of the name first, such as `CN=client,O=Partner\, Inc.`.
    public let subject: [UInt8]
    public let issuer: [UInt8]
    /// In hexadecimal, lower case, without leading zeros.
    public let serial: [UInt8]
    /// SHA-256 and SHA-1 of the certificate in DER, in hexadecimal, lower case.
    public let fingerprint256: [UInt8]
    public let fingerprint1: [UInt8]
    /// Subject alternative names, in their order.
    public let dnsNames: [[UInt8]]
    public let uriNames: [[UInt8]]
    public let emailNames: [[UInt8]]
    public let ipNames: [[UInt8]]
    /// Seconds since 1970.
    public let validFrom: Int64
    public let validUntil: Int64
    /// The certificate, and it together with all that came with it, in PEM with a line feed behind each line.
    public let pem: [UInt8]
    public let chainPEM: [UInt8]

    public struct Names: Sendable {
        public var dns: [[UInt8]] = []
        public var uri: [[UInt8]] = []
        public var email: [[UInt8]] = []
        public var ip: [[UInt8]] = []

        public init() {}
    }

    public init(
        subject: [UInt8],
        issuer: [UInt8] = [],
        serial: [UInt8] = [],
        fingerprint256: [UInt8] = [],
        fingerprint1: [UInt8] = [],
        names: Names = Names(),
        validFrom: Int64 = 0,
        validUntil: Int64 = .max,
        pem: [UInt8] = [],
        chainPEM: [UInt8] = []
    ) {
        self.subject = subject
        self.issuer = issuer
        self.serial = serial
        self.fingerprint256 = fingerprint256
        self.fingerprint1 = fingerprint1
        dnsNames = names.dns
        uriNames = names.uri
        emailNames = names.email
        ipNames = names.ip
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.pem = pem
        self.chainPEM = chainPEM
    }
}

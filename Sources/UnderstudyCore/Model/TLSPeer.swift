// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a TLS handshake has settled, and who is at the other end, for whoever tells of it.

/// Of one connection; made when its handshake is over, and never changed.
package final class TLSPeer: Sendable {
    /// `TLSv1.3` and the like.
    package let version: StaticString
    /// As OpenSSL calls it, such as `ECDHE-RSA-AES128-GCM-SHA256`; empty if it is not known.
    package let cipher: StaticString
    /// The group of the key exchange, such as `X25519`; empty if it is not known.
    package let curve: StaticString
    /// The SNI, in lower case; empty for none.
    package let serverName: [UInt8]
    /// What ALPN has agreed on; empty for nothing.
    package let applicationProtocol: [UInt8]
    /// Of the session, in hexadecimal; empty for none.
    package let sessionID: [UInt8]
    /// The session is one of before.
    package let isResumed: Bool
    /// What the other end has shown; `nil` for nothing.
    package let certificate: CertificateFacts?
    /// What this end has shown; `nil` for nothing.
    package let ownCertificate: CertificateFacts?

    package init(
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
package final class CertificateFacts: Sendable {
    /// RFC 2253: the last part of the name first, such as `CN=client,O=Partner\, Inc.`.
    package let subject: [UInt8]
    package let issuer: [UInt8]
    /// In hexadecimal, lower case, without leading zeros.
    package let serial: [UInt8]
    /// SHA-256 and SHA-1 of the certificate in DER, in hexadecimal, lower case.
    package let fingerprint256: [UInt8]
    package let fingerprint1: [UInt8]
    /// Subject alternative names, in their order.
    package let dnsNames: [[UInt8]]
    package let uriNames: [[UInt8]]
    package let emailNames: [[UInt8]]
    package let ipNames: [[UInt8]]
    /// Seconds since 1970.
    package let validFrom: Int64
    package let validUntil: Int64
    /// The certificate, and it together with all that came with it, in PEM with a line feed behind each line.
    package let pem: [UInt8]
    package let chainPEM: [UInt8]

    package struct Names: Sendable {
        package var dns: [[UInt8]] = []
        package var uri: [[UInt8]] = []
        package var email: [[UInt8]] = []
        package var ip: [[UInt8]] = []

        package init() {}
    }

    package init(
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

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Certificates for one test, made within it.

internal import Crypto
internal import Foundation
internal import SwiftASN1
internal import X509

/// A certificate in PEM with its key.
package struct TestIdentity: Sendable {
    package let certificate: String
    package let key: String
    /// The certificate alone, in DER.
    package let der: [UInt8]
}

/// Somebody who signs.
package struct TestAuthority: Sendable {
    package let certificate: String
    private let name: DistinguishedName
    private let key: P256.Signing.PrivateKey

    /// What a certificate is to say.
    package struct Wish: Sendable {
        package var name = "localhost"
        package var dns: [String] = ["localhost"]
        package var uri: [String] = []
        package var email: [String] = []
        package var addresses: [[UInt8]] = []
        /// Seconds from now.
        package var from: Double = -3600
        package var until: Double = 86_400
        package var organisation: String?
        /// Whom it is for; `nil` if it does not say.
        package var usage: Usage?

        package enum Usage: Sendable { case clients, servers }

        package init(_ change: (inout Wish) -> Void = { _ in }) { change(&self) }
    }

    package init(_ commonName: String = "Test Authority") throws {
        key = P256.Signing.PrivateKey()
        name = try DistinguishedName { CommonName(commonName) }
        certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(key.publicKey),
            notValidBefore: Date.now - 3600,
            notValidAfter: Date.now + 86_400,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(key)
        ).serializeAsPEM().pemString
    }

    package func issue(_ wish: Wish = Wish()) throws -> TestIdentity {
        let leaf = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            if let organisation = wish.organisation { OrganizationName(organisation) }
            CommonName(wish.name)
        }
        let names =
            wish.dns.map { GeneralName.dnsName($0) } + wish.uri.map { GeneralName.uniformResourceIdentifier($0) }
            + wish.email.map { GeneralName.rfc822Name($0) }
            + wish.addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(leaf.publicKey),
            notValidBefore: Date.now + wish.from,
            notValidAfter: Date.now + wish.until,
            issuer: name,
            subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                if !names.isEmpty { SubjectAlternativeNames(names) }
                if let usage = wish.usage { try ExtendedKeyUsage([usage == .clients ? .clientAuth : .serverAuth]) }
            },
            issuerPrivateKey: .init(key)
        )
        let pem = try certificate.serializeAsPEM()
        return TestIdentity(certificate: pem.pemString, key: leaf.pemRepresentation, der: pem.derBytes)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a certificate says of itself. Whatever cannot be read is left out: the library has accepted the certificate, and
// a peer's strange name must not end its connection.

internal import Crypto
internal import NIOSSL
internal import SwiftASN1
internal import UnderstudyCore
internal import X509

extension CertificateFacts {
    /// - Parameter chain: At least one; the others came with it.
    convenience init(_ chain: [NIOSSLCertificate]) {
        let leaf = chain[0]
        let der = (try? leaf.toDERBytes()) ?? []
        let parsed = try? Certificate(derEncoded: der)
        let pem = TLSText.pem(der)
        self.init(
            subject: parsed.map { Array(String(describing: $0.subject).utf8) } ?? [],
            issuer: parsed.map { Array(String(describing: $0.issuer).utf8) } ?? [],
            serial: Self.serial(leaf.serialNumber),
            fingerprint256: TLSText.hexadecimal(SHA256.hash(data: der)),
            fingerprint1: TLSText.hexadecimal(Insecure.SHA1.hash(data: der)),
            names: Names(leaf),
            validFrom: Int64(leaf.notValidBefore),
            validUntil: Int64(leaf.notValidAfter),
            pem: pem,
            chainPEM: chain.dropFirst().reduce(into: pem) { text, certificate in
                text.append(contentsOf: TLSText.pem((try? certificate.toDERBytes()) ?? []))
            }
        )
    }

    /// - Source: Envoy, which prints a number.
    private static func serial(_ bytes: [UInt8]) -> [UInt8] {
        let text = TLSText.hexadecimal(bytes).drop { $0 == 0x30 }
        return text.isEmpty ? [0x30] : Array(text)
    }
}

extension CertificateFacts.Names {
    /// Subject alternative names.
    fileprivate init(_ certificate: NIOSSLCertificate) {
        self.init()
        for name in certificate._subjectAlternativeNames() {
            let bytes = Array(name.contents)
            switch name.nameType {
            case .dnsName: dns.append(bytes)
            case .uri: uri.append(bytes)
            case .email: email.append(bytes)
            case .ipAddress: if let text = Self.address(bytes) { ip.append(text) }
            default: break
            }
        }
    }

    /// Four bytes or sixteen, as text.
    private static func address(_ bytes: [UInt8]) -> [UInt8]? {
        var text: [UInt8] = []
        switch bytes.count {
        case 4:
            for (index, byte) in bytes.enumerated() {
                if index > 0 { text.append(0x2E) }
                text.append(decimal: Int(byte))
            }
        case 16:
            for index in stride(from: 0, to: 16, by: 2) {
                if index > 0 { text.append(0x3A) }
                text.append(contentsOf: TLSText.hexadecimal(bytes[index..<index + 2]))
            }
        default: return nil
        }
        return IPAddress(text)?.text
    }
}

enum CertificateKey {
    /// SHA-256 of the public key info in DER.
    static func hash(_ certificate: NIOSSLCertificate) throws -> [UInt8] {
        Array(SHA256.hash(data: try certificate.extractPublicKey().toSPKIBytes()))
    }

    /// SHA-256 of the whole certificate in DER.
    static func certificateHash(_ certificate: NIOSSLCertificate) throws -> [UInt8] {
        Array(SHA256.hash(data: try certificate.toDERBytes()))
    }

    /// The algorithm identifier of the key is id-ecPublicKey.
    ///
    /// - Source: RFC 5480 section 2.1.1.
    static func isECDSA(_ certificate: NIOSSLCertificate) throws -> Bool {
        let key = try certificate.extractPublicKey().toSPKIBytes()
        let identifier: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
        return key.indices.dropLast(identifier.count).contains { key[$0...].starts(with: identifier) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Certificates and keys as they are read from where the configuration says, and what is wrong with them.

internal import NIOSSL
internal import UnderstudyCore

/// The files that one context is made of, by path, as they are now.
struct TLSSources {
    private(set) var contents: [String: [UInt8]] = [:]

    mutating func read(_ source: TLSSource) throws(TLSFault) -> [UInt8] {
        switch source {
        case .inline(let bytes): return bytes
        case .file(let path):
            if let known = contents[path] { return known }
            let bytes = try TLSFile.read(path)
            contents[path] = bytes
            return bytes
        }
    }
}

extension TLSSource {
    /// For messages.
    var label: String {
        switch self {
        case .file(let path): path
        case .inline: "<inline>"
        }
    }

    var path: String? {
        switch self {
        case .file(let path): path
        case .inline: nil
        }
    }
}

/// A certificate chain with the key to its first certificate.
struct LoadedIdentity: Sendable {
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    let facts: CertificateFacts
    /// The key is one for ECDSA.
    let isECDSA: Bool

    init(_ identity: TLSIdentity, _ sources: inout TLSSources, now: Int64) throws(TLSFault) {
        do throws(TLSFault) {
            chain = try Self.certificates(identity.chain, &sources)
            try Self.checkTime(chain[0], identity.chain, now: now)
            key = try Self.key(identity, &sources)
            facts = CertificateFacts(chain)
            isECDSA = (try? CertificateKey.isECDSA(chain[0])) ?? false
            try Self.checkFit(chain, key, identity)
        } catch {
            var fault = error
            fault.place = identity.place
            throw fault
        }
    }

    private static func certificates(
        _ source: TLSSource,
        _ sources: inout TLSSources
    ) throws(TLSFault) -> [NIOSSLCertificate] {
        try TLSPEM.certificates(try sources.read(source), file: source.label)
    }

    /// - Source: a difference: Envoy takes a certificate that nobody will accept.
    private static func checkTime(_ leaf: NIOSSLCertificate, _ source: TLSSource, now: Int64) throws(TLSFault) {
        if now >= Int64(leaf.notValidAfter) {
            let day = TLSText.time(Int64(leaf.notValidAfter))
            throw TLSFault(file: source.label, reason: "the certificate has expired at \(day)")
        }
        if now < Int64(leaf.notValidBefore) {
            let day = TLSText.time(Int64(leaf.notValidBefore))
            throw TLSFault(file: source.label, reason: "the certificate is not valid before \(day)")
        }
    }

    private static func key(_ identity: TLSIdentity, _ sources: inout TLSSources) throws(TLSFault) -> NIOSSLPrivateKey {
        let label = identity.key.label
        let bytes = try sources.read(identity.key)
        guard TLSPEM.contains("-----BEGIN", in: bytes) else {
            throw TLSFault(file: label, reason: "there is no private key in PEM in it")
        }
        let isEncrypted = TLSPEM.contains("ENCRYPTED", in: bytes)
        guard let source = identity.password else {
            if isEncrypted { throw TLSFault(file: label, reason: "the key is encrypted, and there is no password") }
            do {
                return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
            } catch {
                throw TLSFault(file: label, reason: "there is no private key in PEM in it that can be read")
            }
        }
        let password = try sources.read(source)
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem) { $0(TLSPEM.withoutLineEnd(password)) }
        } catch {
            let reason =
                isEncrypted ? "the password does not open the key" : "there is no private key in PEM that can be read"
            throw TLSFault(file: label, reason: reason)
        }
    }

    /// Asks the library, which compares the key with the certificate.
    private static func checkFit(
        _ chain: [NIOSSLCertificate],
        _ key: NIOSSLPrivateKey,
        _ identity: TLSIdentity
    ) throws(TLSFault) {
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch NIOSSLError.failedToLoadPrivateKey {
            let certificate = identity.chain.label
            throw TLSFault(file: identity.key.label, reason: "the key is not that of the certificate in \(certificate)")
        } catch {
            throw TLSFault(file: identity.chain.label, reason: "the certificate cannot be used")
        }
    }
}

/// PEM, as far as it is looked at here.
enum TLSPEM {
    static func certificates(_ bytes: [UInt8], file: String) throws(TLSFault) -> [NIOSSLCertificate] {
        guard contains("-----BEGIN", in: bytes) else {
            throw TLSFault(file: file, reason: "there is no certificate in PEM in it")
        }
        do {
            let all = try NIOSSLCertificate.fromPEMBytes(bytes)
            guard !all.isEmpty else { throw TLSFault(file: file, reason: "there is no certificate in PEM in it") }
            return all
        } catch {
            throw TLSFault(file: file, reason: "there is no certificate in PEM in it that can be read")
        }
    }

    static func contains(_ text: StaticString, in bytes: [UInt8]) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        for start in 0...bytes.count - count where ByteScan.equals(bytes.span, at: start, text) { return true }
        return false
    }

    static func withoutLineEnd(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        return bytes
    }
}

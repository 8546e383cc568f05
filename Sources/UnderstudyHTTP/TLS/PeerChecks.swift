// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is asked of the other end's certificate besides that somebody trusted vouches for it.

internal import NIOSSL
internal import UnderstudyCore

/// Names and hashes, of each of which one has to fit.
struct PeerChecks: Sendable {
    enum Verdict { case fits, wrongName, wrongHash }

    private let names: [NameCheck]
    private let certificateHashes: [[UInt8]]
    private let keyPins: [[UInt8]]

    init(_ validation: PeerValidation?) {
        names = validation?.names.map { NameCheck($0) } ?? []
        certificateHashes = validation?.certificateHashes ?? []
        keyPins = validation?.keyPins ?? []
    }

    var isEmpty: Bool { names.isEmpty && certificateHashes.isEmpty && keyPins.isEmpty }

    /// - Parameter wanted: The one name that has to be in it, instead of those of the configuration; `nil` for those.
    func judge(_ certificate: NIOSSLCertificate, _ facts: CertificateFacts, wanted: [UInt8]?) -> Verdict {
        if let wanted {
            guard NameCheck.isNamed(wanted, facts) else { return .wrongName }
        } else if !names.isEmpty {
            guard names.contains(where: { $0.fits(facts) }) else { return .wrongName }
        }
        guard !certificateHashes.isEmpty || !keyPins.isEmpty else { return .fits }
        let isPinned =
            (try? CertificateKey.certificateHash(certificate)).map(certificateHashes.contains) ?? false
            || (try? CertificateKey.hash(certificate)).map(keyPins.contains) ?? false
        return isPinned ? .fits : .wrongHash
    }
}

/// One matcher of subject alternative names.
struct NameCheck: Sendable {
    private let kind: SubjectNameMatcher.Kind
    private let matcher: TextMatcher
    /// A whole DNS name, which a certificate may have with a wildcard.
    private let exactName: [UInt8]?

    init(_ matcher: SubjectNameMatcher) {
        kind = matcher.kind
        self.matcher = TextMatcher(matcher.value)
        if case .exact(let name) = matcher.value.pattern, matcher.kind == .dns {
            exactName = Array(name.utf8)
        } else {
            exactName = nil
        }
    }

    func fits(_ facts: CertificateFacts) -> Bool {
        let names =
            switch kind {
            case .dns: facts.dnsNames
            case .uri: facts.uriNames
            case .email: facts.emailNames
            case .ipAddress: facts.ipNames
            }
        return names.contains { name in
            if let exactName { return Self.covers(name, exactName) }
            return matcher.matches(name.span, 0..<name.count)
        }
    }

    /// Whether the certificate is for a host or an address.
    static func isNamed(_ name: [UInt8], _ facts: CertificateFacts) -> Bool {
        if let address = IPAddress(name) { return facts.ipNames.contains(address.text) }
        return facts.dnsNames.contains { covers($0, name) }
    }

    /// Whether a name in a certificate, perhaps with a wildcard for its first label, is for a host; without case.
    ///
    /// - Source: RFC 6125 section 6.4.3, as Envoy reads it.
    private static func covers(_ pattern: [UInt8], _ host: [UInt8]) -> Bool {
        let pattern = pattern.map(HeaderToken.lowercased)
        let host = host.map(HeaderToken.lowercased)
        guard pattern.starts(with: [0x2A, 0x2E]) else { return pattern == host }
        let rest = pattern.dropFirst()
        guard host.count > rest.count, host.suffix(rest.count).elementsEqual(rest) else { return false }
        return !host.dropLast(rest.count).contains(0x2E)
    }
}

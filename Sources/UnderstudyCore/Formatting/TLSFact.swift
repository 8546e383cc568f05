// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Commands about the TLS of either side.

/// A command without its side, under Envoy's name; most have a value only where a certificate was shown.
public enum TLSFact: String, Sendable, CaseIterable {
    public enum Side: String, Sendable, CaseIterable {
        case downstream = "DOWNSTREAM_"
        case upstream = "UPSTREAM_"
    }

    case version = "TLS_VERSION"
    case cipher = "TLS_CIPHER"
    case sessionID = "TLS_SESSION_ID"
    case group = "TLS_GROUP"
    case subject = "PEER_SUBJECT"
    case issuer = "PEER_ISSUER"
    case certificate = "PEER_CERT"
    case uris = "PEER_URI_SAN"
    case dnsNames = "PEER_DNS_SAN"
    case addresses = "PEER_IP_SAN"
    case ownURIs = "LOCAL_URI_SAN"
    case ownDNSNames = "LOCAL_DNS_SAN"
    case ownAddresses = "LOCAL_IP_SAN"
    // These are of the client's side only.
    case emails = "PEER_EMAIL_SAN"
    case serial = "PEER_SERIAL"
    case fingerprint256 = "PEER_FINGERPRINT_256"
    case fingerprint1 = "PEER_FINGERPRINT_1"
    case ownSubject = "LOCAL_SUBJECT"
    case ownEmails = "LOCAL_EMAIL_SAN"

    fileprivate var isDownstreamOnly: Bool {
        switch self {
        case .emails, .serial, .fingerprint256, .fingerprint1, .ownSubject, .ownEmails: true
        default: false
        }
    }
}

extension FormatCommand {
    /// Which command of a side a name is; `nil` for another one.
    static func tls(_ token: CommandToken) throws(FormatFault) -> FormatCommand? {
        for side in TLSFact.Side.allCases where token.name.hasPrefix(side.rawValue) {
            let name = String(token.name.dropFirst(side.rawValue.count))
            if name == "PEER_CERT_V_START" || name == "PEER_CERT_V_END" {
                return .certificateTime(side, isEnd: name == "PEER_CERT_V_END", try token.timeFormat())
            }
            guard let fact = TLSFact(rawValue: name), side == .downstream || !fact.isDownstreamOnly else { return nil }
            try token.requireNothing()
            return .tls(side, fact)
        }
        return nil
    }
}

extension TLSFact {
    /// Writes the value; several names have commas between them.
    func append(to bytes: inout [UInt8], _ peer: TLSPeer) -> Bool {
        switch self {
        case .version: bytes.append(word: peer.version)
        case .cipher: bytes.append(word: peer.cipher)
        case .group: bytes.append(word: peer.curve)
        case .sessionID: bytes.append(word: peer.sessionID)
        case .ownSubject, .ownURIs, .ownDNSNames, .ownAddresses, .ownEmails: append(to: &bytes, peer.ownCertificate)
        default: append(to: &bytes, peer.certificate)
        }
    }

    private func append(to bytes: inout [UInt8], _ certificate: CertificateFacts?) -> Bool {
        guard let certificate else { return false }
        return switch self {
        case .subject, .ownSubject: bytes.append(word: certificate.subject)
        case .issuer: bytes.append(word: certificate.issuer)
        case .certificate: bytes.append(word: certificate.pem.escapedPEM)
        case .serial: bytes.append(word: certificate.serial)
        case .fingerprint256: bytes.append(word: certificate.fingerprint256)
        case .fingerprint1: bytes.append(word: certificate.fingerprint1)
        case .uris, .ownURIs: bytes.append(list: certificate.uriNames)
        case .dnsNames, .ownDNSNames: bytes.append(list: certificate.dnsNames)
        case .addresses, .ownAddresses: bytes.append(list: certificate.ipNames)
        case .emails, .ownEmails: bytes.append(list: certificate.emailNames)
        case .version, .cipher, .sessionID, .group: false
        }
    }
}

extension ExchangeFacts {
    func tls(_ side: TLSFact.Side) -> TLSPeer? { side == .downstream ? downstreamTLS : upstreamTLS }
}

extension [UInt8] {
    fileprivate mutating func append(word: StaticString) -> Bool {
        append(literal: word)
        return word.utf8CodeUnitCount > 0
    }

    fileprivate mutating func append(word: [UInt8]) -> Bool {
        append(contentsOf: word)
        return !word.isEmpty
    }

    fileprivate mutating func append(list: [[UInt8]]) -> Bool {
        for (index, name) in list.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            append(contentsOf: name)
        }
        return !list.isEmpty
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the other side's certificate is judged.

import EnvoyAPI
import FoundationEssentials
import UnderstudyCore

extension Compiler {
    private typealias Validation = Envoy_Extensions_TransportSockets_Tls_V3_CertificateValidationContext
    private typealias NameMatcher = Envoy_Extensions_TransportSockets_Tls_V3_SubjectAltNameMatcher

    /// `nil` if there is nothing to judge by.
    mutating func validation(_ common: CommonTLS, at place: Place) -> PeerValidation? {
        guard case .validationContext(let message) = common.validationContextType else { return nil }
        let place = place.field("validation_context")
        var validation = PeerValidation()
        if message.hasTrustedCa { validation.trustedCA = source(message.trustedCa, at: place.field("trusted_ca")) }
        if message.hasWatchedDirectory {
            requireText(message.watchedDirectory.path, "path", in: place.field("watched_directory"))
        }
        let hashes = place.field("verify_certificate_hash").items
        validation.certificateHashes = zip(message.verifyCertificateHash, hashes).compactMap { hash($0, at: $1) }
        let pins = place.field("verify_certificate_spki").items
        validation.keyPins = zip(message.verifyCertificateSpki, pins).compactMap { pin($0, at: $1) }
        validation.names = names(message, at: place)
        validation.allowsExpired = message.allowExpiredCertificate
        validation.acceptsUntrusted = message.trustChainVerification == .acceptUntrusted
        validation.place = position(of: place)
        if !message.hasTrustedCa { checkTrust(validation, at: place) }
        return validation
    }

    /// Refuses what has no meaning without an authority.
    private mutating func checkTrust(_ validation: PeerValidation, at place: Place) {
        if !validation.names.isEmpty {
            let text = "SAN-based verification of peer certificates without trusted CA is insecure and not allowed"
            require("trusted_ca", in: place, text)
        } else if validation.allowsExpired {
            let text = "Certificate validity period is always ignored without trusted CA"
            refuse(place.field("allow_expired_certificate"), text, found: "true", accepted: "false, or a trusted_ca")
        }
    }

    private mutating func names(_ message: Validation, at place: Place) -> [SubjectNameMatcher] {
        let typed = zip(message.matchTypedSubjectAltNames, place.field("match_typed_subject_alt_names").items)
            .compactMap { compile($0, at: $1) }
        let old = zip(message.matchSubjectAltNames, place.field("match_subject_alt_names").items)
            .flatMap { message, place -> [SubjectNameMatcher] in
                guard let value = compile(message, at: place) else { return [] }
                return [.dns, .uri, .email, .ipAddress].map { SubjectNameMatcher($0, value) }
            }
        return typed + old
    }

    private mutating func compile(_ message: NameMatcher, at place: Place) -> SubjectNameMatcher? {
        let kind: SubjectNameMatcher.Kind? =
            switch message.sanType {
            case .dns: .dns
            case .uri: .uri
            case .email: .email
            case .ipAddress: .ipAddress
            case .unspecified, .UNRECOGNIZED: nil
            }
        if kind == nil {
            let rule = "value must not be in list [SAN_TYPE_UNSPECIFIED]"
            refuse(place.field("san_type"), breaking: rule, accepted: "EMAIL, DNS, URI, IP_ADDRESS")
        }
        guard message.hasMatcher else {
            require("matcher", in: place)
            return nil
        }
        guard let value = compile(message.matcher, at: place.field("matcher")), let kind else { return nil }
        return SubjectNameMatcher(kind, value)
    }

    /// The 32 bytes of a hash in hexadecimal, of which every two digits may have a colon between them.
    private mutating func hash(_ text: String, at place: Place) -> [UInt8]? {
        guard checkLength(text, 64...95, at: place) else { return nil }
        let hasColons = text.utf8.count == 95
        let pairs = hasColons ? text.split(separator: ":", omittingEmptySubsequences: false) : everyTwo(of: text)
        let bytes = pairs.compactMap { pair in
            pair.utf8.count == 2 && pair.first != "+" && pair.first != "-" ? UInt8(pair, radix: 16) : nil
        }
        guard pairs.count == 32, bytes.count == 32 else {
            refuse(place, "Invalid hex-encoded SHA-256 \(shown(text))", found: quoted(text))
            return nil
        }
        return bytes
    }

    private func everyTwo(of text: String) -> [Substring] {
        var rest = text[...]
        var pairs: [Substring] = []
        while !rest.isEmpty {
            pairs.append(rest.prefix(2))
            rest = rest.dropFirst(2)
        }
        return pairs
    }

    /// The 32 bytes of a hash in base64.
    private mutating func pin(_ text: String, at place: Place) -> [UInt8]? {
        guard checkLength(text, 44...44, at: place) else { return nil }
        guard let data = Data(base64Encoded: text), data.count == 32 else {
            refuse(place, "Invalid base64-encoded SHA-256 \(shown(text))", found: quoted(text))
            return nil
        }
        return Array(data)
    }

    private mutating func checkLength(_ text: String, _ range: ClosedRange<Int>, at place: Place) -> Bool {
        let count = text.utf8.count
        if count < range.lowerBound {
            refuse(place, breaking: "value length must be at least \(range.lowerBound) characters", found: quoted(text))
        } else {
            checkSize(text, atMost: range.upperBound, at: place)
        }
        return range.contains(count)
    }
}

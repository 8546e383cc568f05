// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What TLS has in common on both sides. Files are not opened here: who uses them says what is wrong with them.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias CommonTLS = Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext
    typealias Certificate = Envoy_Extensions_TransportSockets_Tls_V3_TlsCertificate
    private typealias Version = Envoy_Extensions_TransportSockets_Tls_V3_TlsParameters.TlsProtocol

    /// - Parameter highest: The side's default for the highest version.
    mutating func parameters(_ common: CommonTLS, at place: Place, highest: TLSVersion) -> TLSParameters {
        let message = common.tlsParams
        let place = place.field("tls_params")
        var parameters = TLSParameters()
        if let minimum = TLSVersion(message.tlsMinimumProtocolVersion) { parameters.minimum = minimum }
        parameters.maximum = TLSVersion(message.tlsMaximumProtocolVersion)
        if parameters.minimum > parameters.maximum ?? highest {
            // As in Envoy, which accepts it and then refuses every handshake.
            warn(place, "no handshake can succeed: the lowest version is above the highest")
        }
        parameters.cipherSuites = zip(message.cipherSuites, place.field("cipher_suites").items).flatMap { list, place in
            cipherRules(list, at: place)
        }
        parameters.curves = zip(message.ecdhCurves, place.field("ecdh_curves").items).flatMap { curves($0, at: $1) }
        return parameters
    }

    private mutating func curves(_ list: String, at place: Place) -> [String] {
        list.split(separator: ":").compactMap { name in
            if let curve = TLSNames.curves[String(name)] { return curve }
            let accepted = "X25519, P-256, P-384, P-521, X25519MLKEM768"
            refuse(place, "Failed to initialize ECDH curves \(shown(list))", found: quoted(list), accepted: accepted)
            return nil
        }
    }

    /// An entry may hold several rules, with colons between them.
    private mutating func cipherRules(_ list: String, at place: Place) -> [String] {
        let rules = list.split(separator: ":")
        let known = rules.compactMap(TLSNames.cipherRule)
        guard known.count < rules.count else { return known }
        let accepted = "such as ECDHE-ECDSA-AES128-GCM-SHA256, or several as [A|B]"
        if rules.allSatisfy(TLSNames.isEnvoyRule) {
            refuse(place, "unsupported cipher suites", kind: .unsupported, found: quoted(list), accepted: accepted)
        } else {
            let unknown = rules.filter { !TLSNames.isEnvoyRule($0) }.joined(separator: ", ")
            let rejected = "The following ciphers were rejected when tried individually: \(shown(unknown))"
            let text = "Failed to initialize cipher suites \(shown(list)). \(rejected)"
            refuse(place, text, found: quoted(list), accepted: accepted)
        }
        return known
    }

    /// Each name once; an entry may hold several, with commas between them.
    mutating func applicationProtocols(_ common: CommonTLS, at place: Place) -> [String] {
        zip(common.alpnProtocols, place.field("alpn_protocols").items).flatMap { text, place -> [String] in
            let names = text.split(separator: ",").map(String.init)
            if names.contains(where: { $0.utf8.count > 255 }) {
                refuse(
                    place,
                    "Invalid ALPN protocol string",
                    found: quoted(text),
                    accepted: "names of at most 255 bytes"
                )
            }
            return names
        }
    }

    /// `nil` after a report.
    mutating func compile(_ message: Certificate, at place: Place) -> TLSIdentity? {
        guard message.hasCertificateChain else {
            let text = "Failed to load incomplete certificate from : certificate chain not set"
            require("certificate_chain", in: place, text)
            return nil
        }
        guard message.hasPrivateKey else {
            require("private_key", in: place, "Failed to load incomplete private key from path: ")
            return nil
        }
        if message.hasWatchedDirectory {
            requireText(message.watchedDirectory.path, "path", in: place.field("watched_directory"))
        }
        let chain = source(message.certificateChain, at: place.field("certificate_chain"))
        let key = source(message.privateKey, at: place.field("private_key"))
        guard let chain, let key else { return nil }
        var identity = TLSIdentity(chain: chain, key: key)
        if message.hasPassword {
            identity.password = source(message.password, at: place.field("password"), mayBeEmpty: true)
        }
        identity.place = position(of: place)
        return identity
    }

    /// A file, or the bytes themselves; `nil` after a report.
    mutating func source(
        _ message: Envoy_Config_Core_V3_DataSource,
        at place: Place,
        mayBeEmpty: Bool = false
    ) -> TLSSource? {
        if case .filename(let path) = message.specifier {
            requireText(path, "filename", in: place)
            return path.isEmpty ? nil : .file(path)
        }
        guard let bytes = content(of: message, at: place) else { return nil }
        guard !bytes.isEmpty || mayBeEmpty else {
            refuse(place, "DataSource cannot be empty")
            return nil
        }
        return .inline(bytes)
    }

    /// Where something stands, for those who find out later what is wrong with it: `file:line:column: path`.
    func position(of place: Place) -> String {
        guard let mark = place.mark else { return "\(log.file): \(place.path)" }
        return "\(log.file):\(mark.line):\(mark.column): \(place.path)"
    }
}

extension TLSVersion {
    /// `nil` for the default.
    fileprivate init?(_ message: Envoy_Extensions_TransportSockets_Tls_V3_TlsParameters.TlsProtocol) {
        switch message {
        case .tlsAuto, .UNRECOGNIZED: return nil
        case .tlsv10: self = .tls10
        case .tlsv11: self = .tls11
        case .tlsv12: self = .tls12
        case .tlsv13: self = .tls13
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Cipher suites and groups: the numbers on the wire, and what OpenSSL and Envoy call them.

internal import NIOSSL
internal import UnderstudyCore

/// - Source: the IANA registry of TLS cipher suites, as far as the library speaks them.
enum CipherSuite {
    private static let known: [(number: UInt16, name: StaticString)] = [
        (0x1301, "TLS_AES_128_GCM_SHA256"), (0x1302, "TLS_AES_256_GCM_SHA384"),
        (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
        (0xC02B, "ECDHE-ECDSA-AES128-GCM-SHA256"), (0xC02C, "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (0xC02F, "ECDHE-RSA-AES128-GCM-SHA256"), (0xC030, "ECDHE-RSA-AES256-GCM-SHA384"),
        (0xCCA8, "ECDHE-RSA-CHACHA20-POLY1305"), (0xCCA9, "ECDHE-ECDSA-CHACHA20-POLY1305"),
        (0xC009, "ECDHE-ECDSA-AES128-SHA"), (0xC00A, "ECDHE-ECDSA-AES256-SHA"),
        (0xC013, "ECDHE-RSA-AES128-SHA"), (0xC014, "ECDHE-RSA-AES256-SHA"),
        (0x009C, "AES128-GCM-SHA256"), (0x009D, "AES256-GCM-SHA384"),
        (0x002F, "AES128-SHA"), (0x0035, "AES256-SHA"),
    ]

    /// Empty if it is not known.
    static func name(_ number: UInt16) -> StaticString { known.first { $0.number == number }?.name ?? "" }

    /// - Source: Envoy's default on both sides.
    static let standard = [
        "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]",
        "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    ]

    /// The list as the library wants it; the library would stop the process for a bad one.
    static func list(_ names: [String]) throws(TLSFault) -> String {
        let entries = names.isEmpty ? standard : names
        for entry in entries { try check(entry) }
        return entries.joined(separator: ":")
    }

    /// A name, or several of the same rank as `[A|B]`.
    private static func check(_ entry: String) throws(TLSFault) {
        var text = Substring(entry)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        for name in text.split(separator: "|", omittingEmptySubsequences: false) {
            // Those of TLS 1.3 cannot be chosen.
            let isKnown = known.contains { $0.number >> 8 != 0x13 && "\($0.name)" == name }
            guard isKnown else { throw TLSFault(reason: "unknown cipher suite \"\(name)\"") }
        }
    }
}

/// - Source: the IANA registry of TLS supported groups.
enum KeyGroup {
    private static let known: [(number: UInt16, name: StaticString)] = [
        (0x1D, "X25519"), (0x17, "P-256"), (0x18, "P-384"), (0x19, "P-521"), (0x11EC, "X25519MLKEM768"),
    ]

    /// Empty if it is not known.
    static func name(_ number: UInt16) -> StaticString { known.first { $0.number == number }?.name ?? "" }

    /// - Source: Envoy's default.
    private static let standard = ["X25519", "P-256"]

    static func list(_ names: [String]) throws(TLSFault) -> [NIOTLSCurve] {
        var curves: [NIOTLSCurve] = []
        for name in names.isEmpty ? standard : names {
            guard let group = known.first(where: { "\($0.name)" == name }) else {
                throw TLSFault(reason: "unknown curve \"\(name)\"")
            }
            curves.append(NIOTLSCurve(rawValue: group.number))
        }
        return curves
    }
}

enum ALPNList {
    /// The library would stop the process for a name that is no name.
    static func check(_ names: [String]) throws(TLSFault) {
        for name in names {
            guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy({ $0 < 0x80 }) else {
                throw TLSFault(reason: "\"\(name)\" cannot be an ALPN name")
            }
        }
    }
}

extension UnderstudyCore.TLSVersion {
    var library: NIOSSL.TLSVersion {
        switch self {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}

extension NIOSSL.TLSVersion {
    /// Envoy's name.
    var label: StaticString {
        switch self {
        case .tlsv1: "TLSv1"
        case .tlsv11: "TLSv1.1"
        case .tlsv12: "TLSv1.2"
        case .tlsv13: "TLSv1.3"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The names that TLS libraries have for ciphers and curves: what Envoy 1.40 accepts, as far as there is such a thing here.

enum TLSNames {
    /// What may be written, and the name that it stands for.
    static let curves = [
        "X25519": "X25519", "x25519": "X25519", "P-256": "P-256", "prime256v1": "P-256", "P-384": "P-384",
        "secp384r1": "P-384", "P-521": "P-521", "secp521r1": "P-521", "X25519MLKEM768": "X25519MLKEM768",
    ]

    /// By the registry's name, that of OpenSSL; all are of TLS 1.2 or earlier.
    private static let ciphers = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
        "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
        "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
        "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
        "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    ]

    private static let own = Set(ciphers.values)

    /// Ciphers of Envoy alone, and words that stand for several.
    private static let others: Set<String> = [
        "DES-CBC3-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "PSK-AES128-CBC-SHA",
        "PSK-AES256-CBC-SHA", "ECDHE-PSK-AES128-CBC-SHA", "ECDHE-PSK-AES256-CBC-SHA", "ECDHE-PSK-CHACHA20-POLY1305",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_PSK_WITH_AES_128_CBC_SHA",
        "TLS_PSK_WITH_AES_256_CBC_SHA", "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA", "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "3DES", "AES", "AES128", "AES256", "AESGCM", "ALL", "CHACHA20",
        "DEFAULT", "ECDHE", "ECDSA", "EECDH", "FIPS", "HIGH", "PSK", "RSA", "SHA", "SHA1", "SSLv3", "TLSv1", "TLSv1.2",
        "aECDSA", "aPSK", "aRSA", "kECDHE", "kEECDH", "kPSK", "kRSA", "@STRENGTH",
    ]

    /// One rule of a list, a name or several of equal preference as `[A|B]`, with the names of OpenSSL; `nil` if one of
    /// them is unknown.
    static func cipherRule(_ rule: Substring) -> String? {
        guard rule.hasPrefix("["), rule.hasSuffix("]") else { return cipher(rule) }
        let names = rule.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
        let known = names.compactMap(cipher)
        return known.count == names.count ? "[\(known.joined(separator: "|"))]" : nil
    }

    private static func cipher(_ name: Substring) -> String? {
        ciphers[String(name)] ?? (own.contains(String(name)) ? String(name) : nil)
    }

    /// Whether Envoy reads a rule: besides names there are words for several, `A+B` for what both stand for, and `-`, `!`
    /// and `+` in front of what is taken away or put last.
    static func isEnvoyRule(_ rule: Substring) -> Bool {
        let isGroup = rule.hasPrefix("[") && rule.hasSuffix("]")
        let names = isGroup ? rule.dropFirst().dropLast() : rule.drop { "-!+".contains($0) }
        return names.split(omittingEmptySubsequences: false) { $0 == (isGroup ? "|" : "+") }
            .allSatisfy { cipher($0) != nil || others.contains(String($0)) }
    }
}

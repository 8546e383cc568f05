// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which virtual host a Host belongs to.

/// Domains in Envoy's order of precedence: exact, longest suffix wildcard, longest prefix wildcard, `*`.
///
/// - Source: Envoy `VirtualHost.domains`. Case is ignored and a port in the Host is part of the comparison.
package struct DomainTable: Sendable {
    private var exact: NameTable
    private var suffixes: [(text: [UInt8], host: Int)] = []
    private var prefixes: [(text: [UInt8], host: Int)] = []
    private var fallback: Int?

    package init(_ virtualHosts: [VirtualHost]) {
        var exactNames: [(name: [UInt8], value: Int)] = []
        for (index, host) in virtualHosts.enumerated() {
            for domain in host.domains {
                let bytes = domain.utf8.map(HeaderToken.lowercased)
                if domain == "*" {
                    fallback = index
                } else if bytes.first == 0x2A {
                    suffixes.append((Array(bytes.dropFirst()), index))
                } else if bytes.last == 0x2A {
                    prefixes.append((Array(bytes.dropLast()), index))
                } else {
                    exactNames.append((bytes, index))
                }
            }
        }
        exact = NameTable(exactNames)
        suffixes.sort { $0.text.count > $1.text.count }
        prefixes.sort { $0.text.count > $1.text.count }
    }

    package func virtualHost(for bytes: Span<UInt8>, _ host: Range<Int>) -> Int? {
        if exact.count == 0, suffixes.isEmpty, prefixes.isEmpty { return fallback }
        var lowered: [UInt8] = []
        lowered.reserveCapacity(host.count)
        for offset in host { lowered.append(HeaderToken.lowercased(bytes[offset])) }
        if let found = exact[lowered] { return found }
        // A wildcard stands for at least one character.
        for (text, index) in suffixes where text.count < lowered.count && lowered.suffix(text.count) == text[...] {
            return index
        }
        for (text, index) in prefixes where text.count < lowered.count && lowered.prefix(text.count) == text[...] {
            return index
        }
        return fallback
    }
}

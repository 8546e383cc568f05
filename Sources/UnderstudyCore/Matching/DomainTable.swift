// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which virtual host a Host belongs to.

/// Domains in Envoy's order of precedence: exact, longest suffix wildcard, longest prefix wildcard, `*`.
///
/// - Source: Envoy `VirtualHost.domains`. Case is ignored. A port in the Host is part of the comparison, unless
///   `ignore_port_in_host_matching` says otherwise.
public struct DomainTable: Sendable {
    private typealias Wildcard = (text: [UInt8], host: Int)

    private var exact: NameTable
    private var suffixes: [Wildcard] = []
    private var prefixes: [Wildcard] = []
    private var fallback: Int?
    private let ignoresPort: Bool

    public init(_ virtualHosts: [VirtualHost], ignoresPort: Bool = false) {
        self.ignoresPort = ignoresPort
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

    public func virtualHost(for bytes: Span<UInt8>, _ host: Range<Int>) -> Int? {
        if exact.count == 0, suffixes.isEmpty, prefixes.isEmpty { return fallback }
        let host = ignoresPort ? HostSyntax.withoutPort(bytes, host) : host
        if let found = exact[lowercasing: bytes, host] { return found }
        // A wildcard stands for at least one character.
        for (text, index) in suffixes
        where text.count < host.count && Self.isText(text, bytes, at: host.upperBound - text.count) {
            return index
        }
        for (text, index) in prefixes
        where text.count < host.count && Self.isText(text, bytes, at: host.lowerBound) {
            return index
        }
        return fallback
    }

    private static func isText(_ lowered: [UInt8], _ bytes: Span<UInt8>, at offset: Int) -> Bool {
        for index in lowered.indices where HeaderToken.lowercased(bytes[offset + index]) != lowered[index] {
            return false
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The names that requests have their connections ask for, as numbers, so that no request has to keep one.

internal import UnderstudyCore

/// The last names that requests have come with; clients choose them, so there is a bound.
///
/// - Source: Envoy `auto_sni`, `auto_san_validation` and `override_auto_sni_header`.
struct ServerNames {
    private struct Entry {
        let number: Int
        let name: [UInt8]
    }

    /// The one that was used last comes first.
    private var entries: [Entry] = []
    private var lastNumber = 0
    /// In lower case; empty for the Host.
    private let header: [UInt8]

    static let most = 64
    /// Longest name that there can be (RFC 1035 section 2.3.4).
    private static let longest = 253

    /// Certificates have to be for addresses, too, though no SNI asks for one.
    private let keepsAddresses: Bool

    init(header: String, keepsAddresses: Bool = false) {
        self.header = Array(header.utf8)
        self.keepsAddresses = keepsAddresses
    }

    /// Empty for zero.
    subscript(number: Int) -> [UInt8] { entries.first { $0.number == number }?.name ?? [] }

    /// - Returns: Zero if the request names none, and a number that stands for nothing any more.
    mutating func number(of head: borrowing RequestHead) -> (number: Int, forgotten: Int?) {
        let bytes = head.headers.bytes.span
        let range = name(in: head)
        guard !range.isEmpty, range.count <= Self.longest else { return (0, nil) }
        for (index, entry) in entries.enumerated() where Self.spells(entry.name, bytes, range) {
            if index > 0 { entries.insert(entries.remove(at: index), at: 0) }
            return (entry.number, nil)
        }
        lastNumber += 1
        let forgotten = entries.count < Self.most ? nil : entries.removeLast().number
        let name = head.headers.bytes[range].map(HeaderToken.lowercased)
        entries.insert(Entry(number: lastNumber, name: name), at: 0)
        return (lastNumber, forgotten)
    }

    /// The name without its port, or an address without brackets; empty for an address that is of no use.
    private func name(in head: borrowing RequestHead) -> Range<Int> {
        let line = header.isEmpty ? nil : head.headers.firstIndex(named: header)
        let value = line.map { head.headers.lines[$0].value } ?? head.host
        let bytes = head.headers.bytes.span
        let name = HostSyntax.withoutPort(bytes, value)
        guard !name.isEmpty else { return 0..<0 }
        if bytes[name.lowerBound] == 0x5B {
            return keepsAddresses && name.count > 2 ? name.lowerBound + 1..<name.upperBound - 1 : 0..<0
        }
        return keepsAddresses || IPAddress(bytes, name) == nil ? name : 0..<0
    }

    private static func spells(_ name: [UInt8], _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard name.count == range.count else { return false }
        for (byte, offset) in zip(name, range) where HeaderToken.lowercased(bytes[offset]) != byte { return false }
        return true
    }
}

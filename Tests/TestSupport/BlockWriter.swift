// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header blocks of HTTP/2 written step by step, so that they may be what no encoder would write.

package struct BlockWriter {
    package enum Indexing: UInt8, CaseIterable, Sendable {
        case never = 0x10
        case without = 0x00
        case incremental = 0x40
    }

    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Literal fields, none of which comes into the table.
    package init(_ fields: [(String, String)]) {
        for (name, value) in fields { literal(name, value) }
    }

    /// Fields given as `name: value`; the name of a pseudo-field begins with its colon.
    package init(_ lines: [String]) {
        for line in lines {
            let parts = line.dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1].dropFirst()) : ""
            literal(String(line.prefix(1)) + String(parts[0]), value)
        }
    }

    package mutating func literal(
        _ name: String,
        _ value: String,
        _ indexing: Indexing = .without,
        isHuffman: Bool = false
    ) {
        bytes.append(indexing.rawValue)
        string(Array(name.utf8), isHuffman: isHuffman)
        string(Array(value.utf8), isHuffman: isHuffman)
    }

    package mutating func literal(
        nameOf index: Int,
        _ value: String,
        _ indexing: Indexing = .without,
        isHuffman: Bool = false
    ) {
        integer(index, behind: indexing.rawValue, mask: indexing == .incremental ? 0x3F : 0x0F)
        string(Array(value.utf8), isHuffman: isHuffman)
    }

    package mutating func indexed(_ index: Int) {
        integer(index, behind: 0x80, mask: 0x7F)
    }

    package mutating func tableSize(_ size: Int) {
        integer(size, behind: 0x20, mask: 0x1F)
    }

    package mutating func string(_ text: [UInt8], isHuffman: Bool = false) {
        let text = isHuffman ? HuffmanCode.encode(text) : text
        integer(text.count, behind: isHuffman ? 0x80 : 0, mask: 0x7F)
        bytes += text
    }

    package mutating func raw(_ bytes: [UInt8]) {
        self.bytes += bytes
    }

    /// - Source: RFC 7541 section 5.1.
    package mutating func integer(_ value: Int, behind bits: UInt8, mask: UInt8) {
        guard value >= Int(mask) else {
            bytes.append(bits | UInt8(value))
            return
        }
        bytes.append(bits | mask)
        var rest = value - Int(mask)
        while rest >= 128 {
            bytes.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        bytes.append(UInt8(rest))
    }
}

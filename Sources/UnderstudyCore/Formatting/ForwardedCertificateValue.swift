// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What `x-forwarded-client-cert` says under one name.

/// One kind of value in the elements of the header.
///
/// - Source: measured on Envoy 1.40: the first pair of the name, in whichever element; in quotes, `\"` and `\\` are
///   one byte each.
public struct ForwardedCertificateValue: Sendable, Equatable {
    /// Lower case.
    private let name: [UInt8]

    private static let names: Set<String> = ["uri", "dns", "hash", "subject", "by", "cert", "chain"]
    private static let header = Array("x-forwarded-client-cert".utf8)

    init(_ token: CommandToken) throws(FormatFault) {
        let name = token.argumentText
        guard !name.isEmpty else { throw FormatFault(.invalid, "XFCC_VALUE command requires a subcommand") }
        guard Self.names.contains(name.lowercased()) else {
            throw FormatFault(.invalid, "XFCC_VALUE command does not support subcommand: \(name)")
        }
        self.name = Array(name.lowercased().utf8)
    }

    func append(to bytes: inout [UInt8], _ request: borrowing RequestHead) -> Bool {
        guard let index = request.headers.firstIndex(named: Self.header) else { return false }
        let text = request.headers.bytes[request.headers.lines[index].value]
        var rest = text
        while !rest.isEmpty {
            guard let end = Self.endOfPair(rest) else { return false }
            if let value = value(of: rest[..<end]) {
                bytes.append(contentsOf: value)
                return true
            }
            rest = rest[end...].dropFirst()
        }
        return false
    }

    /// Where the next comma or semicolon outside of quotes is; `nil` if quotes are not closed.
    private static func endOfPair(_ text: ArraySlice<UInt8>) -> Int? {
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            switch text[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: ";") where !isQuoted: return index
            default: break
            }
        }
        return isQuoted ? nil : text.endIndex
    }

    /// `nil` if the pair has another name, or is none.
    private func value(of pair: ArraySlice<UInt8>) -> [UInt8]? {
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        guard Self.trimmed(pair[..<equals]).map(HeaderToken.lowercased) == name else { return nil }
        let value = Self.trimmed(pair[equals...].dropFirst())
        let quote = UInt8(ascii: "\"")
        guard value.count >= 2, value.first == quote, value.last == quote else { return Array(value) }
        return Self.unescaped(value.dropFirst().dropLast())
    }

    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let backslash = UInt8(ascii: "\\")
        var result: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == backslash, let next = rest.first, next == backslash || next == UInt8(ascii: "\"") else {
                result.append(byte)
                continue
            }
            result.append(next)
            rest.removeFirst()
        }
        return result
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }
}

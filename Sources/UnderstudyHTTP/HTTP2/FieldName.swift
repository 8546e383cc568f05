// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the name of an HTTP/2 field means, found out once and kept with it in the tables.

internal import UnderstudyCore

struct FieldName: Sendable {
    enum Kind: UInt8, Sendable {
        case regular
        /// May come in crumbs (RFC 9113 section 8.2.3).
        case cookie
        case method, scheme, authority, path, status, protocolName
    }

    var kind = Kind.regular
    var known = KnownHeader.other
    var fault: FieldFault?

    init() {}

    /// The meaning of the name that starts at `start`.
    init(_ bytes: Span<UInt8>, at start: Int, length: Int) {
        guard length > 0 else {
            fault = .badName
            return
        }
        guard bytes[start] != 0x3A else {
            if let pseudo = Self.pseudo(bytes, start, length) { kind = pseudo } else { fault = .unknownPseudoField }
            return
        }
        for offset in start..<start + length where !Self.isNameByte(bytes[offset]) {
            fault = .badName
            return
        }
        if length == 6, ByteScan.equals(bytes, at: start, "cookie") {
            kind = .cookie
            return
        }
        known = KnownHeader(lowercased: bytes, at: start, length: length)
        if known.endsAtConnection { fault = .connectionField }
    }

    /// What is wrong with a field of this name and value.
    func fault(_ bytes: Span<UInt8>, value: Range<Int>) -> FieldFault? {
        if let fault { return fault }
        guard !value.isEmpty else { return known == .te ? .badTE : nil }
        guard !Self.isBlank(bytes[value.lowerBound]), !Self.isBlank(bytes[value.upperBound - 1]),
            ByteScan.isFieldValue(bytes, value)
        else { return .badValue }
        if known == .te, !HeaderToken.isExactly("trailers", bytes, value) { return .badTE }
        return nil
    }

    private static func pseudo(_ bytes: Span<UInt8>, _ start: Int, _ length: Int) -> Kind? {
        func found(_ literal: StaticString, _ kind: Kind) -> Kind? {
            ByteScan.equals(bytes, at: start, literal) ? kind : nil
        }
        switch length {
        case 5: return found(":path", .path)
        case 7: return found(":method", .method) ?? found(":scheme", .scheme) ?? found(":status", .status)
        case 9: return found(":protocol", .protocolName)
        case 10: return found(":authority", .authority)
        default: return nil
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        HeaderToken.allows(byte) && !(byte >= 0x41 && byte <= 0x5A)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension KnownHeader {
    /// HTTP/2 has no place for it (RFC 9113 section 8.2.2).
    var endsAtConnection: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade: true
        default: false
        }
    }
}

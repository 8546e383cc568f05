// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a client says first, read before it is answered: for whom it asks, and what it speaks.

/// The part of a TLS ClientHello that chooses a filter chain and a certificate.
///
/// - Source: RFC 8446 sections 4.1.2, 4.2 and 5.1; RFC 6066 section 3; RFC 7301 section 3.1.
public struct ClientHello: Sendable, Equatable {
    /// The SNI, in lower case; empty for none.
    public var serverName = ""
    /// What the client offers by ALPN, in its order.
    public var applicationProtocols: [String] = []
    /// It takes signatures made with ECDSA.
    public var acceptsECDSA = false

    public init() {}

    public enum Reading: Sendable, Equatable {
        case needsMore
        /// No TLS.
        case plainText
        case hello(ClientHello)
        /// It begins as TLS does and goes on otherwise, or has no end.
        case malformed
    }

    /// Bytes of records that are looked at.
    public static let mostBytes = 16 * 1024
    /// Records that it may come in.
    static let mostRecords = 64

    /// - Parameter bytes: All that has arrived so far.
    public static func read(_ bytes: Span<UInt8>) -> Reading {
        var reader = RecordReader(mostRecords: mostRecords)
        return read(bytes, by: &reader)
    }

    static func read(_ bytes: Span<UInt8>, by reader: inout RecordReader) -> Reading {
        guard bytes.count > 0 else { return .needsMore }
        guard bytes[0] == RecordReader.handshake else { return .plainText }
        guard bytes.count < 2 || bytes[1] == RecordReader.majorVersion else { return .plainText }
        switch reader.message(bytes, mostBytes: mostBytes) {
        case .needsMore: return .needsMore
        case .malformed: return .malformed
        case .inPlace(let range): return read(bytes, range)
        case .joined(let joined): return read(joined.span, 0..<joined.count)
        }
    }

    private static func read(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Reading {
        guard bytes[range.lowerBound] == RecordReader.clientHello else { return .malformed }
        var hello = ClientHello()
        var cursor = ByteCursor(range.lowerBound + RecordReader.messageHeader..<range.upperBound)
        guard hello.readBody(bytes, &cursor) else { return .malformed }
        return .hello(hello)
    }

    /// - Returns: Whether it is well formed as far as it is looked at.
    private mutating func readBody(_ bytes: Span<UInt8>, _ cursor: inout ByteCursor) -> Bool {
        // legacy_version and random; legacy_session_id; cipher_suites; legacy_compression_methods.
        guard cursor.skip(2 + 32), cursor.vector8(bytes) != nil, cursor.vector16(bytes) != nil,
            cursor.vector8(bytes) != nil
        else { return false }
        if cursor.isAtEnd { return true }
        guard var extensions = cursor.vector16(bytes), cursor.isAtEnd else { return false }
        while !extensions.isAtEnd {
            guard let kind = extensions.integer16(bytes), let body = extensions.vector16(bytes) else { return false }
            guard readExtension(kind, bytes, body) else { return false }
        }
        return true
    }

    private mutating func readExtension(_ kind: UInt16, _ bytes: Span<UInt8>, _ body: ByteCursor) -> Bool {
        var body = body
        switch kind {
        case 0: return readServerName(bytes, &body)
        case 13: return readSignatures(bytes, &body)
        case 16: return readProtocols(bytes, &body)
        default: return true
        }
    }

    private mutating func readServerName(_ bytes: Span<UInt8>, _ body: inout ByteCursor) -> Bool {
        guard var names = body.vector16(bytes), body.isAtEnd, !names.isAtEnd else { return false }
        while !names.isAtEnd {
            guard let kind = names.integer8(bytes), let name = names.vector16(bytes) else { return false }
            // host_name, the only kind that there is, and at most one of it.
            guard kind == 0 else { continue }
            guard serverName.isEmpty, let text = Self.hostName(bytes, name.range) else { return false }
            serverName = text
        }
        return true
    }

    /// `nil` for what can be no name; letters are lowered.
    private static func hostName(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
        guard (1...255).contains(range.count) else { return nil }
        var name: [UInt8] = []
        name.reserveCapacity(range.count)
        for index in range {
            let byte = bytes[index]
            guard byte > 0x20, byte < 0x7F else { return nil }
            name.append((0x41...0x5A).contains(byte) ? byte + 0x20 : byte)
        }
        return String(decoding: name, as: UTF8.self)
    }

    private mutating func readProtocols(_ bytes: Span<UInt8>, _ body: inout ByteCursor) -> Bool {
        guard var names = body.vector16(bytes), body.isAtEnd, applicationProtocols.isEmpty else { return false }
        while !names.isAtEnd {
            guard let name = names.vector8(bytes), !name.isAtEnd else { return false }
            var text: [UInt8] = []
            for index in name.range { text.append(bytes[index]) }
            applicationProtocols.append(String(decoding: text, as: UTF8.self))
        }
        return true
    }

    private mutating func readSignatures(_ bytes: Span<UInt8>, _ body: inout ByteCursor) -> Bool {
        guard var schemes = body.vector16(bytes), body.isAtEnd else { return false }
        while !schemes.isAtEnd {
            guard let scheme = schemes.integer16(bytes) else { return false }
            // ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384, ecdsa_secp521r1_sha512.
            if scheme == 0x0403 || scheme == 0x0503 || scheme == 0x0603 { acceptsECDSA = true }
        }
        return true
    }
}

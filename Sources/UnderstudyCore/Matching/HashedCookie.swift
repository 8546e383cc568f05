// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A cookie that requests are hashed by, and that is made for clients without it.

struct HashedCookie: Sendable {
    private let name: [UInt8]
    private let path: [UInt8]
    private let ttl: Duration?

    init(_ name: String, ttl: Duration?, path: String) {
        self.name = Array(name.utf8)
        self.path = Array(path.utf8)
        self.ttl = ttl
    }

    /// Whether a client without the cookie gets one.
    var isMade: Bool { ttl != nil }

    /// The first value of the name that is not empty, without its quotes.
    func value(in headers: borrowing HeaderBlock) -> Range<Int>? {
        let bytes = headers.bytes.span
        for line in headers.lines where ByteScan.equals(bytes, line.name, Self.cookie) {
            if let value = value(bytes, line.value) { return value.isEmpty ? nil : value }
        }
        return nil
    }

    /// The same for all requests of a connection, so that those at the same time do not get different ones.
    ///
    /// - Parameter connection: See `RequestHash.Client`.
    func newValue(for connection: [UInt8]) -> [UInt8] {
        let hash = XXHash64.hash(connection)
        return stride(from: 60 as UInt64, through: 0, by: -4).map { shift in
            // Safe: a nibble fits a byte.
            let nibble = UInt8(truncatingIfNeeded: hash >> shift & 0xF)
            return nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble
        }
    }

    /// The value of the `set-cookie` line.
    func line(_ value: [UInt8]) -> [UInt8] {
        var line = name
        line.append(literal: "=\"")
        line.append(contentsOf: value)
        line.append(literal: "\"")
        let seconds = ttl.map { Int($0.components.seconds) } ?? 0
        if seconds != 0 {
            line.append(literal: "; Max-Age=")
            line.append(decimal: seconds)
        }
        if !path.isEmpty {
            line.append(literal: "; Path=")
            line.append(contentsOf: path)
        }
        line.append(literal: "; HttpOnly")
        return line
    }

    private static let cookie = Array("cookie".utf8)

    private func value(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Range<Int>? {
        var start = line.lowerBound
        while start < line.upperBound {
            var end = start
            while end < line.upperBound, bytes[end] != 0x3B { end += 1 }
            if let value = value(bytes, pair: start..<end) { return value }
            start = end + 1
        }
        return nil
    }

    private func value(_ bytes: Span<UInt8>, pair: Range<Int>) -> Range<Int>? {
        var start = pair.lowerBound
        while start < pair.upperBound, bytes[start] == 0x20 { start += 1 }
        var equals = start
        while equals < pair.upperBound, bytes[equals] != 0x3D { equals += 1 }
        guard equals < pair.upperBound, ByteScan.equals(bytes, start..<equals, name) else { return nil }
        let value = equals + 1..<pair.upperBound
        let isQuoted = value.count >= 2 && bytes[value.lowerBound] == 0x22 && bytes[value.upperBound - 1] == 0x22
        return isQuoted ? value.lowerBound + 1..<value.upperBound - 1 : value
    }
}

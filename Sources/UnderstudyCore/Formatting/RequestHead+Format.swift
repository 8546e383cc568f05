// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The parts of a head that format strings name.

extension RequestHead {
    /// Writes the first line's value, or what a pseudo header of HTTP/2 would hold.
    ///
    /// - Returns: Whether there is such a line.
    func append(_ name: [UInt8], to bytes: inout [UInt8]) -> Bool {
        // Without a method it stands for a head that could not be read.
        guard let first = name.first, !methodName.isEmpty else { return false }
        if first == 0x3A { return append(pseudo: name, to: &bytes) }
        return headers.appendValue(named: name, to: &bytes)
    }

    private func append(pseudo name: [UInt8], to bytes: inout [UInt8]) -> Bool {
        switch name {
        case Self.pathName: bytes.append(copying: headers.bytes.span.extracting(target))
        case Self.methodName: bytes.append(copying: headers.bytes.span.extracting(methodName))
        case Self.schemeName: bytes.append(literal: isSecure ? "https" : "http")
        default: return false
        }
        return true
    }

    /// Source: measured on Envoy 1.40, where the scheme follows `x-forwarded-proto` if that is http or https.
    private var isSecure: Bool {
        guard let index = headers.firstIndex(of: .forwardedProto) else { return false }
        return HeaderToken.isExactly("https", headers.bytes.span, headers.lines[index].value)
    }

    /// Names and values as HTTP/2 would have them.
    ///
    /// - Source: measured on Envoy 1.40.
    var countedBytes: Int {
        let pseudo = Self.methodName.count + methodName.count + Self.pathName.count + target.count
        let scheme = Self.schemeName.count + (isSecure ? 5 : 4)
        // The Host is counted as :authority.
        return headers.countedBytes + pseudo + scheme + ":authority".utf8.count - "host".utf8.count
    }

    func append(_ source: FormatCommand.PathSource, withQuery: Bool, to bytes: inout [UInt8]) -> Bool {
        let start = bytes.count
        let hasOriginal = source != .current && headers.appendValue(named: Self.originalPath, to: &bytes)
        if !hasOriginal {
            guard source != .original, !methodName.isEmpty else { return false }
            bytes.append(copying: headers.bytes.span.extracting(target))
        }
        if !withQuery, let query = bytes[start...].firstIndex(of: 0x3F) {
            bytes.removeLast(bytes.count - query)
        }
        return true
    }

    /// What stands behind the target's first question mark; `nil` without one.
    var query: Range<Int>? {
        let start = path.upperBound
        return start < target.upperBound ? start + 1..<target.upperBound : nil
    }

    func append(queryTo bytes: inout [UInt8]) -> Bool {
        guard let query else { return false }
        bytes.append(copying: headers.bytes.span.extracting(query))
        return true
    }

    /// Writes the query with those bytes decoded that may stand in a URL as they are.
    ///
    /// - Source: measured on Envoy 1.40.
    func append(decodedQueryTo bytes: inout [UInt8]) -> Bool {
        guard let query else { return false }
        let arena = headers.bytes.span
        var offset = query.lowerBound
        while offset < query.upperBound {
            if let byte = arena.percentDecoded(at: offset, query.upperBound), Self.isPlain(byte) {
                bytes.append(byte)
                offset += 3
            } else {
                bytes.append(arena[offset])
                offset += 1
            }
        }
        return true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x3C, 0x3E, 0x5C, 0x5E, 0x7B, 0x7C, 0x7D: false
        default: (0x21...0x7E).contains(byte)
        }
    }

    /// Writes the first parameter's decoded value.
    ///
    /// - Source: measured on Envoy 1.40: names are decoded before they are compared, a plus sign stays one, and a
    ///   percent sign without two hexadecimal digits is only that.
    func append(queryParameter name: [UInt8], to bytes: inout [UInt8]) -> Bool {
        guard let query else { return false }
        let arena = headers.bytes.span
        let start = bytes.count
        var offset = query.lowerBound
        while offset < query.upperBound {
            var end = offset
            while end < query.upperBound, arena[end] != 0x26 { end += 1 }
            var equals = offset
            while equals < end, arena[equals] != 0x3D { equals += 1 }
            bytes.append(percentDecoding: arena, offset..<equals)
            let isWanted = end > offset && bytes[start...].elementsEqual(name)
            bytes.removeLast(bytes.count - start)
            if isWanted {
                bytes.append(percentDecoding: arena, min(equals + 1, end)..<end)
                return true
            }
            offset = end + 1
        }
        return false
    }

    private static let pathName = Array(":path".utf8)
    private static let methodName = Array(":method".utf8)
    private static let schemeName = Array(":scheme".utf8)
    private static let originalPath = Array("x-envoy-original-path".utf8)
}

extension ResponseHead {
    func append(_ name: [UInt8], to bytes: inout [UInt8]) -> Bool {
        guard let first = name.first else { return false }
        guard first == 0x3A else { return headers.appendValue(named: name, to: &bytes) }
        guard status > 0, name == Self.statusName else { return false }
        bytes.append(decimal: status)
        return true
    }

    /// Names and values as HTTP/2 would have them.
    ///
    /// - Source: measured on Envoy 1.40.
    var countedBytes: Int {
        headers.countedBytes + (status > 0 ? Self.statusName.count + 3 : 0)
    }

    private static let statusName = Array(":status".utf8)
}

extension HeaderBlock {
    /// Bytes of names and values.
    var countedBytes: Int {
        lines.reduce(0) { $0 + $1.nameLength + $1.value.count }
    }

    func appendValue(named name: [UInt8], to destination: inout [UInt8]) -> Bool {
        guard let index = firstIndex(named: name) else { return false }
        destination.append(copying: bytes.span.extracting(lines[index].value))
        return true
    }
}

extension [UInt8] {
    fileprivate mutating func append(percentDecoding bytes: Span<UInt8>, _ range: Range<Int>) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            if let byte = bytes.percentDecoded(at: offset, range.upperBound) {
                append(byte)
                offset += 3
            } else {
                append(bytes[offset])
                offset += 1
            }
        }
    }
}

extension Span<UInt8> {
    /// The byte that a percent sign and two digits stand for; `nil` if there are none.
    fileprivate func percentDecoded(at offset: Int, _ end: Int) -> UInt8? {
        guard self[offset] == 0x25, end - offset > 2, let high = HexadecimalDigit.value(self[offset + 1]),
            let low = HexadecimalDigit.value(self[offset + 2])
        else { return nil }
        return high << 4 | low
    }
}

enum HexadecimalDigit {
    /// 0 to 15; `nil` if the byte is no digit.
    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

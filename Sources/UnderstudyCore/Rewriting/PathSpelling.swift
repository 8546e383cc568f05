// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The steps that turn the many spellings of a path into one.

/// A path on its way to its one spelling.
struct PathSpelling {
    private(set) var path: [UInt8]

    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        path = []
        path.append(copying: bytes.extracting(range))
    }

    /// Whether a path has anything that the options could change: a look at each byte, without memory.
    static func mayBreak(_ options: PathOptions, _ bytes: Span<UInt8>, _ path: Range<Int>) -> Bool {
        // `*` is no path (RFC 9112 section 3.2.4).
        guard !options.changesNothing, !path.isEmpty, bytes[path.lowerBound] == 0x2F else { return false }
        var previous: UInt8 = 0
        for offset in path {
            let byte = bytes[offset]
            switch byte {
            case 0x25: return true
            case 0x2E: if options.normalizes, previous == 0x2F { return true }
            case 0x2F: if options.mergesSlashes, previous == 0x2F { return true }
            default: if options.normalizes, byte == 0x5C || mustBeEscaped(byte) { return true }
            }
            previous = byte
        }
        return false
    }

    /// Decodes escaped slashes and backslashes.
    ///
    /// - Returns: Whether there were any.
    mutating func unescapeSlashes() -> Bool {
        var result: [UInt8] = []
        var offset = 0
        while offset < path.count {
            switch Self.escaped(path, at: offset) {
            case 0x2F?, 0x5C?:
                result.append(path[offset + 1] == 0x32 ? 0x2F : 0x5C)
                offset += 3
            default:
                result.append(path[offset])
                offset += 1
            }
        }
        defer { path = result }
        return result.count < path.count
    }

    /// Makes `..` and `.` of segments like `..;x` and `.;x`, which some servers take for the same, however they are
    /// spelt.
    ///
    /// - Source: Envoy 1.40, which knows no escapes and no backslashes here.
    mutating func stripDotSegmentParameters() {
        var result: [UInt8] = []
        var start = 0
        while start <= path.count {
            let end = path[start...].firstIndex { $0 == 0x2F || $0 == 0x5C } ?? path.count
            result += path[start..<(parameters(ofDotSegment: start..<end) ?? end)]
            if end < path.count { result.append(path[end]) }
            start = end + 1
        }
        path = result
    }

    /// Where the parameters of a dot segment begin, if it is one and has any.
    private func parameters(ofDotSegment segment: Range<Int>) -> Int? {
        var offset = segment.lowerBound
        for _ in 0..<2 { offset += dotLength(at: offset) ?? 0 }
        guard offset > segment.lowerBound, offset < segment.upperBound else { return nil }
        return path[offset] == 0x3B || Self.escaped(path, at: offset) == 0x3B ? offset : nil
    }

    /// Resolves dot segments, decodes unreserved characters, escapes what must be, and turns backslashes around.
    ///
    /// - Returns: False if the path has an escaped zero byte.
    /// - Source: RFC 3986 section 6.2.2, and what Envoy makes of it.
    mutating func canonicalise() -> Bool {
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        var loosePercent: Int?
        var offset = 0
        while offset < path.count {
            if let length = dotLength(at: offset) {
                offset = resolveDot(at: offset, length, &result)
            } else if let decoded = Self.escaped(path, at: offset) {
                guard decoded != 0 else { return false }
                if Self.isUnreserved(decoded) {
                    result.append(decoded)
                    if let loosePercent { escape(loosePercent, before: offset + 3, &result) }
                } else {
                    result += path[offset..<offset + 3]
                }
                offset += 3
            } else {
                if path[offset] == 0x25 { loosePercent = result.count }
                Self.append(path[offset], to: &result)
                offset += 1
            }
        }
        path = result
        return true
    }

    /// Escapes a percent sign that was part of no escape, if what has just been decoded makes it part of one.
    private func escape(_ percent: Int, before offset: Int, _ result: inout [UInt8]) {
        let (first, second): (UInt8, UInt8)
        switch result.count - percent {
        case 2 where offset < path.count: (first, second) = (result[percent + 1], path[offset])
        case 3: (first, second) = (result[percent + 1], result[percent + 2])
        default: return
        }
        // A dot segment may have taken the percent sign away since.
        guard result[percent] == 0x25, Self.digit(first) != nil, Self.digit(second) != nil else { return }
        result.insert(contentsOf: [0x32, 0x35], at: percent + 1)
    }

    private static func append(_ byte: UInt8, to result: inout [UInt8]) {
        if byte == 0x5C {
            result.append(0x2F)
        } else if mustBeEscaped(byte) {
            result += [0x25, hexadecimal(byte >> 4), hexadecimal(byte & 15)]
        } else {
            result.append(byte)
        }
    }

    /// Makes one slash of several.
    ///
    /// - Source: measured on Envoy 1.40, which leaves two where there is nothing but slashes.
    mutating func mergeSlashes() {
        guard path.contains(where: { $0 != 0x2F }) else {
            if path.count > 2 { path.removeSubrange(2...) }
            return
        }
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        for byte in path where byte != 0x2F || result.last != 0x2F { result.append(byte) }
        path = result
    }

    /// Writes the dot, or does what it stands for at the start of a segment.
    ///
    /// - Returns: Where to go on.
    private func resolveDot(at offset: Int, _ length: Int, _ result: inout [UInt8]) -> Int {
        let next = offset + length
        if result.last == 0x2F {
            if let end = endOfSegment(at: next) { return end }
            if let second = dotLength(at: next), let end = endOfSegment(at: next + second) {
                if result.count > 1 {
                    repeat { result.removeLast() } while result.last != 0x2F
                }
                return end
            }
        }
        result.append(0x2E)
        return next
    }

    /// Behind the slash that ends a segment here; the end of the path ends one too.
    private func endOfSegment(at offset: Int) -> Int? {
        guard offset < path.count else { return offset }
        return path[offset] == 0x2F || path[offset] == 0x5C ? offset + 1 : nil
    }

    /// How many bytes spell the dot here, if there is one.
    private func dotLength(at offset: Int) -> Int? {
        guard offset < path.count else { return nil }
        if path[offset] == 0x2E { return 1 }
        return Self.escaped(path, at: offset) == 0x2E ? 3 : nil
    }

    /// The byte that is escaped here.
    private static func escaped(_ path: [UInt8], at offset: Int) -> UInt8? {
        guard path[offset] == 0x25, offset + 2 < path.count else { return nil }
        guard let high = digit(path[offset + 1]), let low = digit(path[offset + 2]) else { return nil }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func hexadecimal(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x37 + nibble }

    /// - Source: RFC 3986 section 2.3.
    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    /// Visible characters that no path may have in the clear, as far as a decoder lets them through.
    private static func mustBeEscaped(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x22, 0x3C, 0x3E, 0x5E, 0x60, 0x7B, 0x7C, 0x7D: true
        default: false
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which bytes may name a host, so that no two hops read the same Host differently.

public enum HostSyntax {
    /// Whether the range is `host [":" port]`, or empty.
    ///
    /// Stricter than Envoy, which forwards most of what this refuses: user information, a port that is no number,
    /// unbalanced brackets or none of an IPv6 address in them, a percent sign that escapes nothing, several values.
    /// - Source: RFC 9110 section 7.2 and RFC 3986 section 3.2.2; RFC 9112 section 3.2 asks for a 400.
    public static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
        guard !range.isEmpty else { return true }
        let afterHost: Int
        if bytes[range.lowerBound] == 0x5B {
            guard let end = endOfBracketedAddress(bytes, range) else { return false }
            afterHost = end
        } else {
            var offset = range.lowerBound
            while offset < range.upperBound, bytes[offset] != 0x3A {
                guard isNameByte(bytes[offset]) else { return false }
                if bytes[offset] == 0x25, !isEscape(bytes, offset..<range.upperBound) { return false }
                offset += 1
            }
            afterHost = offset
        }
        return isPort(bytes, afterHost..<range.upperBound)
    }

    /// Whether the range is the authority of an absolute target: letters, digits, dots and hyphens, or an address in
    /// brackets, and a port that can be one.
    ///
    /// - Source: measured on Envoy 1.40, which takes user information besides; RFC 9110 section 4.2.1 asks for a host.
    public static func isTargetAuthority(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard isValid(bytes, range), !range.isEmpty else { return false }
        var end = range.upperBound
        while end > range.lowerBound, (0x30...0x39).contains(bytes[end - 1]) { end -= 1 }
        if end > range.lowerBound, bytes[end - 1] == 0x3A {
            guard end < range.upperBound, let port = Decimal.parse(bytes, end..<range.upperBound), port <= 65535 else {
                return false
            }
            end -= 1
        } else {
            end = range.upperBound
        }
        guard end > range.lowerBound else { return false }
        if bytes[range.lowerBound] == 0x5B { return true }
        for offset in range.lowerBound..<end where !isPlainNameByte(bytes[offset]) { return false }
        return true
    }

    private static func isPlainNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E: true
        default: false
        }
    }

    /// Empty, or a colon with any number of digits, none included.
    private static func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return true }
        guard bytes[range.lowerBound] == 0x3A else { return false }
        for offset in range.lowerBound + 1..<range.upperBound where !(0x30...0x39).contains(bytes[offset]) {
            return false
        }
        return true
    }

    private static func endOfBracketedAddress(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        for offset in range.lowerBound + 1..<range.upperBound where bytes[offset] == 0x5D {
            let address = IPAddress(bytes, range.lowerBound + 1..<offset)
            return address?.isIPv6 == true ? offset + 1 : nil
        }
        return nil
    }

    /// A percent sign with two hexadecimal digits (RFC 3986 section 2.1).
    private static func isEscape(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count >= 3 else { return false }
        for offset in range.lowerBound + 1...range.lowerBound + 2 {
            switch bytes[offset] {
            case 0x30...0x39, 0x41...0x46, 0x61...0x66: break
            default: return false
            }
        }
        return true
    }

    /// Unreserved, percent or sub-delimiter; not the comma, which joins two values into one.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x2D, 0x2E, 0x5F, 0x7E, 0x25, 0x21, 0x24, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x3B, 0x3D: true
        default: false
        }
    }
}

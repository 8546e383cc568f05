// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Tells an IP address from a name that would have to be resolved, as strictly as `inet_pton`.

/// Whether the text is an IPv4 address (four decimal bytes without leading zeros) or an IPv6 address (RFC 4291
/// section 2.2), the latter with a zone if it is link-local.
func isIPLiteral(_ text: String) -> Bool {
    if isIPv4(text[...]) { return true }
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first, isIPv6(address) else { return false }
    return parts.count == 1 || isLinkLocal(address) && isZone(parts[1])
}

/// The 4 or 16 bytes of an IP address, network order, without its zone; `nil` if the text is none.
func ipAddress(_ text: String) -> [UInt8]? {
    guard isIPLiteral(text), let address = text.split(separator: "%").first else { return nil }
    if isIPv4(address) { return address.split(separator: ".").compactMap { UInt8($0) } }
    let halves = address.split(separator: "::", omittingEmptySubsequences: false)
    let left = halves.first.map(groupBytes) ?? []
    guard halves.count == 2 else { return left }
    let right = groupBytes(halves[1])
    // Safe: a literal that is shortened stands for at most 14 bytes without the zeros.
    return left + [UInt8](repeating: 0, count: 16 - left.count - right.count) + right
}

/// The bytes of a part of an IPv6 address that is known to be well-formed.
private func groupBytes(_ text: Substring) -> [UInt8] {
    text.split(separator: ":").flatMap { part -> [UInt8] in
        if part.contains(".") { return part.split(separator: ".").compactMap { UInt8($0) } }
        let group = UInt16(part, radix: 16) ?? 0
        return [UInt8(group >> 8), UInt8(group & 0xFF)]
    }
}

private func isIPv4(_ text: Substring) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
        && parts.allSatisfy { part in
            (1...3).contains(part.utf8.count) && part.utf8.allSatisfy(isDigit)
                && (part.utf8.count == 1 || part.first != "0") && UInt8(part) != nil
        }
}

private func isIPv6(_ text: Substring) -> Bool {
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    switch halves.count {
    case 1: return groupCount(text, mayEndInIPv4: true) == 8
    case 2:
        guard let left = groupCount(halves[0], mayEndInIPv4: false),
            let right = groupCount(halves[1], mayEndInIPv4: true)
        else { return false }
        return left + right <= 7
    default: return false
    }
}

/// How many 16-bit groups the text stands for; `nil` if it is no list of groups.
private func groupCount(_ text: Substring, mayEndInIPv4: Bool) -> Int? {
    guard !text.isEmpty else { return 0 }
    var parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var count = 0
    if mayEndInIPv4, let last = parts.last, last.contains(".") {
        guard isIPv4(last) else { return nil }
        parts.removeLast()
        count = 2
    }
    for part in parts {
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit) else { return nil }
        count += 1
    }
    return count
}

/// fe80::/10 (RFC 4291 section 2.5.6).
private func isLinkLocal(_ text: Substring) -> Bool {
    guard let first = text.split(separator: ":", omittingEmptySubsequences: false).first,
        let group = UInt16(first, radix: 16)
    else { return false }
    return group & 0xFFC0 == 0xFE80
}

private func isZone(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "%") }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
}

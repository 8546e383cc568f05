// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether a path is the one a route is for.

/// A `PathMatch` arranged for bytes.
public struct PathMatcher: Sendable {
    private enum Form: Sendable {
        case prefix, exact, separatedPrefix, connect
        case regex(RegexPattern)
    }

    private let form: Form
    /// In lower case if case is ignored.
    private let text: [UInt8]
    private let ignoresCase: Bool
    private let ignoresParameters: Bool

    /// - Parameters:
    ///   - isCaseSensitive: Means nothing to regular expressions.
    ///   - ignoresParameters: Each segment ends before its first semicolon.
    public init(_ match: PathMatch, isCaseSensitive: Bool = true, ignoresParameters: Bool = false) {
        let text: String
        switch match {
        case .prefix(let wanted): (form, text) = (.prefix, wanted)
        case .exact(let wanted): (form, text) = (.exact, wanted)
        case .pathSeparatedPrefix(let wanted): (form, text) = (.separatedPrefix, wanted)
        case .regex(let pattern): (form, text) = (.regex(pattern), "")
        case .connect: (form, text) = (.connect, "")
        }
        ignoresCase = !isCaseSensitive
        self.ignoresParameters = ignoresParameters
        self.text = isCaseSensitive ? Array(text.utf8) : text.utf8.map(HeaderToken.lowercased)
    }

    /// Whether the path, which ends before the query, is the one.
    ///
    /// - Source: measured on Envoy 1.40, whose prefixes do not reach into the query either. CONNECT has no path, and
    ///   only a route for CONNECT takes it.
    public func matches(_ bytes: Span<UInt8>, path: Range<Int>, method: Method) -> Bool {
        guard method != .connect else {
            if case .connect = form { return true }
            return false
        }
        if ignoresParameters, let plain = withoutParameters(bytes, path) {
            return matches(plain.span, 0..<plain.count)
        }
        return matches(bytes, path)
    }

    private func matches(_ bytes: Span<UInt8>, _ path: Range<Int>) -> Bool {
        switch form {
        case .prefix: return begins(bytes, path)
        case .exact: return path.count == text.count && begins(bytes, path)
        case .separatedPrefix:
            return begins(bytes, path)
                && (path.count == text.count || bytes[path.lowerBound + text.count] == 0x2F)
        case .regex(let pattern): return pattern.matchesWhole(bytes.extracting(path))
        case .connect: return false
        }
    }

    /// The part of a path that matched, which a new prefix takes the place of; `nil` if it matched without its
    /// parameters only.
    public func matchedPart(of bytes: Span<UInt8>, _ path: Range<Int>) -> Range<Int>? {
        switch form {
        case .prefix, .exact, .separatedPrefix:
            ignoresParameters && !begins(bytes, path) ? nil : path.prefix(text.count)
        case .regex, .connect: path
        }
    }

    private func begins(_ bytes: Span<UInt8>, _ path: Range<Int>) -> Bool {
        guard ignoresCase else { return ByteScan.hasPrefix(bytes, path, text) }
        guard path.count >= text.count else { return false }
        for index in text.indices where HeaderToken.lowercased(bytes[path.lowerBound + index]) != text[index] {
            return false
        }
        return true
    }

    /// The path without what follows a semicolon in each of its segments (RFC 3986 section 3.3); `nil` if there is none.
    private func withoutParameters(_ bytes: Span<UInt8>, _ path: Range<Int>) -> [UInt8]? {
        var plain: [UInt8] = []
        var isParameter = false
        var hasParameters = false
        for offset in path {
            let byte = bytes[offset]
            if byte == 0x2F { isParameter = false }
            if byte == 0x3B {
                isParameter = true
                hasParameters = true
            }
            if !isParameter { plain.append(byte) }
        }
        return hasParameters ? plain : nil
    }
}

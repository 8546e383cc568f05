// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Texts compared where they stand.

/// A `StringMatcher` arranged for bytes.
public struct TextMatcher: Sendable {
    private enum Form: Sendable {
        case exact, prefix, suffix, contains
        case regex(RegexPattern)
    }

    private let form: Form
    /// In lower case if case is ignored.
    private let text: [UInt8]
    private let ignoresCase: Bool

    public init(_ matcher: StringMatcher) {
        var text: String
        switch matcher.pattern {
        case .exact(let wanted): (form, text) = (.exact, wanted)
        case .prefix(let wanted): (form, text) = (.prefix, wanted)
        case .suffix(let wanted): (form, text) = (.suffix, wanted)
        case .contains(let wanted): (form, text) = (.contains, wanted)
        case .regex(let pattern): (form, text) = (.regex(pattern), "")
        }
        ignoresCase = matcher.ignoresCase
        self.text = ignoresCase ? text.utf8.map(HeaderToken.lowercased) : Array(text.utf8)
    }

    public func matches(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        if case .regex(let pattern) = form { return pattern.matchesWhole(bytes.extracting(range)) }
        guard range.count >= text.count else { return false }
        switch form {
        case .exact: return range.count == text.count && isText(bytes, at: range.lowerBound)
        case .prefix: return isText(bytes, at: range.lowerBound)
        case .suffix: return isText(bytes, at: range.upperBound - text.count)
        case .contains: return isInside(bytes, range)
        case .regex: return false
        }
    }

    private func isText(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        guard ignoresCase else { return ByteScan.equals(bytes, offset..<offset + text.count, text) }
        for index in text.indices where HeaderToken.lowercased(bytes[offset + index]) != text[index] { return false }
        return true
    }

    private func isInside(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for offset in range.lowerBound...range.upperBound - text.count where isText(bytes, at: offset) { return true }
        return false
    }
}

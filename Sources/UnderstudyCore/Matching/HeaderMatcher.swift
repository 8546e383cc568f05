// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether a head has a header, and what is in it.

/// A `HeaderMatch` arranged for bytes.
///
/// Lines of the same name are looked at one by one, and one that matches is enough.
/// - Source: Envoy `HeaderMatcher`; measured on Envoy 1.40, which does not join the lines any more.
public struct HeaderMatcher: Sendable {
    private enum Subject: Sendable {
        case lines([UInt8])
        case method, path, host, scheme, status
    }

    private enum Rule: Sendable {
        case present(Bool)
        case range(Range<Int64>)
        case text(TextMatcher)
    }

    private let subject: Subject
    private let rule: Rule
    private let isInverted: Bool
    private let treatsMissingAsEmpty: Bool

    public init(_ match: HeaderMatch) {
        subject = Self.subject(match.name)
        rule =
            switch match.rule {
            case .present(let isWanted): .present(isWanted)
            case .range(let range): .range(range)
            case .string(let matcher): .text(TextMatcher(matcher))
            }
        isInverted = match.isInverted
        treatsMissingAsEmpty = match.treatsMissingAsEmpty
    }

    private static func subject(_ name: String) -> Subject {
        let lowered = name.utf8.map(HeaderToken.lowercased)
        return switch String(decoding: lowered, as: UTF8.self) {
        case ":method": .method
        case ":path": .path
        case ":authority", "host": .host
        case ":scheme": .scheme
        case ":status": .status
        default: .lines(lowered)
        }
    }

    public func matches(request head: borrowing RequestHead) -> Bool {
        let bytes = head.headers.bytes.span
        switch subject {
        case .lines(let name): return matches(head.headers, name)
        case .method: return decide(holds(bytes, head.methodName))
        // CONNECT has no path.
        case .path: return head.method == .connect ? decideMissing() : decide(holds(bytes, head.target))
        case .host: return decide(holds(bytes, head.host))
        case .scheme:
            let scheme = head.isHTTPS ? Self.https : Self.http
            return decide(holds(scheme.span, scheme.indices))
        case .status: return decideMissing()
        }
    }

    public func matches(response head: borrowing ResponseHead) -> Bool {
        switch subject {
        case .lines(let name): return matches(head.headers, name)
        case .status:
            var digits: [UInt8] = []
            digits.append(decimal: head.status)
            return decide(holds(digits.span, digits.indices))
        case .method, .path, .host, .scheme: return decideMissing()
        }
    }

    private static let http = Array("http".utf8)
    private static let https = Array("https".utf8)

    private func matches(_ headers: borrowing HeaderBlock, _ name: [UInt8]) -> Bool {
        let bytes = headers.bytes.span
        var isThere = false
        for index in headers.lines.indices where ByteScan.equals(bytes, headers.lines[index].name, name) {
            isThere = true
            if holds(bytes, headers.lines[index].value) { return decide(true) }
        }
        return isThere ? decide(false) : decideMissing()
    }

    private func holds(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        switch rule {
        case .present(let isWanted): isWanted
        case .range(let range): Decimal.lenientSigned(bytes, value).map(range.contains) ?? false
        case .text(let matcher): matcher.matches(bytes, value)
        }
    }

    private func decide(_ matched: Bool) -> Bool { matched != isInverted }

    /// A header that is missing matches only the wish that it be missing, whichever way that is put.
    private func decideMissing() -> Bool {
        if treatsMissingAsEmpty {
            let nothing: [UInt8] = []
            return decide(holds(nothing.span, 0..<0))
        }
        if case .present(let isWanted) = rule { return isWanted == isInverted }
        return false
    }
}

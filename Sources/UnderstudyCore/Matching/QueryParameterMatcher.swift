// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether a target has a query parameter, and what is in it.

/// A `QueryParameterMatch` arranged for bytes.
///
/// - Source: Envoy `QueryParameterMatcher`; measured on Envoy 1.40: the first parameter of the name counts, nothing is
///   decoded, and only `&` separates.
public struct QueryParameterMatcher: Sendable {
    private enum Rule: Sendable {
        case present(Bool)
        case text(TextMatcher)
    }

    private let name: [UInt8]
    private let rule: Rule

    public init(_ match: QueryParameterMatch) {
        name = Array(match.name.utf8)
        rule =
            switch match.rule {
            case .present(let isWanted): .present(isWanted)
            case .string(let matcher): .text(TextMatcher(matcher))
            }
    }

    public func matches(_ bytes: Span<UInt8>, target: Range<Int>) -> Bool {
        let value = Self.firstValue(of: name, bytes, target)
        switch rule {
        case .present(let isWanted): return (value != nil) == isWanted
        case .text(let matcher): return value.map { matcher.matches(bytes, $0) } ?? false
        }
    }

    /// Where the value of the first parameter with the name stands, as it is written.
    static func firstValue(of name: [UInt8], _ bytes: Span<UInt8>, _ target: Range<Int>) -> Range<Int>? {
        var offset = target.lowerBound
        while offset < target.upperBound, bytes[offset] != 0x3F { offset += 1 }
        offset += 1
        while offset < target.upperBound {
            let start = offset
            var equals: Int?
            while offset < target.upperBound, bytes[offset] != 0x26 {
                if bytes[offset] == 0x3D, equals == nil { equals = offset }
                offset += 1
            }
            let nameEnd = equals ?? offset
            if ByteScan.equals(bytes, start..<nameEnd, name) { return min(nameEnd + 1, offset)..<offset }
            offset += 1
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a route asks of a request before it takes it.

/// Source: Envoy `RouteMatch`.
package struct RouteMatch: Sendable, Equatable {
    package var path: PathMatch
    /// Default true.
    package var isCaseSensitive = true
    /// The share of the requests that match otherwise; `nil` for all.
    package var fraction: RuntimeFraction?
    /// All must match.
    package var headers: [HeaderMatch] = []
    /// All must match.
    package var queryParameters: [QueryParameterMatch] = []
    /// Only requests whose content type is that of gRPC.
    package var isGRPC = false

    package init(path: PathMatch) {
        self.path = path
    }
}

/// How the path (the target without its query) must look.
///
/// Source: Envoy `RouteMatch.path_specifier`.
package enum PathMatch: Sendable, Equatable {
    case prefix(String)
    case exact(String)
    /// RE2, matched against the whole path.
    case regex(RegexPattern)
    /// This path, or anything below it.
    case pathSeparatedPrefix(String)
    /// CONNECT requests.
    case connect
}

/// Source: Envoy `HeaderMatcher`.
package struct HeaderMatch: Sendable, Equatable {
    package enum Rule: Sendable, Equatable {
        case present(Bool)
        /// The value is a decimal integer of this half-open range.
        case range(Range<Int64>)
        case string(StringMatcher)
    }

    /// Lower case; `:method`, `:path`, `:authority` and `:scheme` are those of the request.
    package var name: String
    package var rule: Rule
    package var isInverted: Bool
    package var treatsMissingAsEmpty: Bool

    package init(name: String, rule: Rule, isInverted: Bool = false, treatsMissingAsEmpty: Bool = false) {
        self.name = name
        self.rule = rule
        self.isInverted = isInverted
        self.treatsMissingAsEmpty = treatsMissingAsEmpty
    }
}

/// Source: Envoy `QueryParameterMatcher`.
package struct QueryParameterMatch: Sendable, Equatable {
    package enum Rule: Sendable, Equatable {
        case present(Bool)
        case string(StringMatcher)
    }

    package var name: String
    package var rule: Rule

    package init(name: String, rule: Rule) {
        self.name = name
        self.rule = rule
    }
}

/// Source: Envoy `type.matcher.v3.StringMatcher`.
package struct StringMatcher: Sendable, Equatable {
    package enum Pattern: Sendable, Equatable {
        case exact(String)
        case prefix(String)
        case suffix(String)
        case contains(String)
        /// Matched against the whole text.
        case regex(RegexPattern)
    }

    package var pattern: Pattern
    /// Not for regular expressions.
    package var ignoresCase: Bool

    package init(_ pattern: Pattern, ignoresCase: Bool = false) {
        self.pattern = pattern
        self.ignoresCase = ignoresCase
    }
}

/// A pattern, and what takes the place of each of its matches.
///
/// Source: Envoy `RegexMatchAndSubstitute`.
package struct RegexRewrite: Sendable, Equatable {
    package var pattern: RegexPattern
    /// RE2's notation: `\1` for the first group, `\0` for the match.
    package var substitution: String

    package init(pattern: RegexPattern, substitution: String) {
        self.pattern = pattern
        self.substitution = substitution
    }
}

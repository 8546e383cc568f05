// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a route asks of a request before it takes it.

/// Source: Envoy `RouteMatch`.
public struct RouteMatch: Sendable, Equatable {
    public var path: PathMatch
    /// Default true.
    public var isCaseSensitive = true
    /// The share of the requests that match otherwise; `nil` for all.
    public var fraction: RuntimeFraction?
    /// All must match.
    public var headers: [HeaderMatch] = []
    /// All must match.
    public var queryParameters: [QueryParameterMatch] = []
    /// Only requests whose content type is that of gRPC.
    public var isGRPC = false

    public init(path: PathMatch) {
        self.path = path
    }
}

/// How the path (the target without its query) must look.
///
/// Source: Envoy `RouteMatch.path_specifier`.
public enum PathMatch: Sendable, Equatable {
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
public struct HeaderMatch: Sendable, Equatable {
    public enum Rule: Sendable, Equatable {
        case present(Bool)
        /// The value is a decimal integer of this half-open range.
        case range(Range<Int64>)
        case string(StringMatcher)
    }

    /// Lower case; `:method`, `:path`, `:authority` and `:scheme` are those of the request.
    public var name: String
    public var rule: Rule
    public var isInverted: Bool
    public var treatsMissingAsEmpty: Bool

    public init(name: String, rule: Rule, isInverted: Bool = false, treatsMissingAsEmpty: Bool = false) {
        self.name = name
        self.rule = rule
        self.isInverted = isInverted
        self.treatsMissingAsEmpty = treatsMissingAsEmpty
    }
}

/// Source: Envoy `QueryParameterMatcher`.
public struct QueryParameterMatch: Sendable, Equatable {
    public enum Rule: Sendable, Equatable {
        case present(Bool)
        case string(StringMatcher)
    }

    public var name: String
    public var rule: Rule

    public init(name: String, rule: Rule) {
        self.name = name
        self.rule = rule
    }
}

/// Source: Envoy `type.matcher.v3.StringMatcher`.
public struct StringMatcher: Sendable, Equatable {
    public enum Pattern: Sendable, Equatable {
        case exact(String)
        case prefix(String)
        case suffix(String)
        case contains(String)
        /// Matched against the whole text.
        case regex(RegexPattern)
    }

    public var pattern: Pattern
    /// Not for regular expressions.
    public var ignoresCase: Bool

    public init(_ pattern: Pattern, ignoresCase: Bool = false) {
        self.pattern = pattern
        self.ignoresCase = ignoresCase
    }
}

/// A pattern, and what takes the place of each of its matches.
///
/// Source: Envoy `RegexMatchAndSubstitute`.
public struct RegexRewrite: Sendable, Equatable {
    public var pattern: RegexPattern
    /// RE2's notation: `\1` for the first group, `\0` for the match.
    public var substitution: String

    public init(pattern: RegexPattern, substitution: String) {
        self.pattern = pattern
        self.substitution = substitution
    }
}

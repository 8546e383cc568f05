// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which requests a route takes: what a match becomes, and what Envoy 1.40 refuses of it.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct RouteMatchTests {
    private func load(_ match: String) -> ConfigurationResult {
        Sample.load(("{prefix: \"/\"}", "{\(match)}"))
    }

    private func match(_ path: PathMatch = .prefix("/"), _ change: (inout RouteMatch) -> Void = { _ in }) -> RouteMatch
    {
        var match = RouteMatch(path: path)
        change(&match)
        return match
    }

    @Test func `every field arrives in the model`() throws {
        let result = load(
            """
            path_separated_prefix: /api, case_sensitive: false, grpc: {},
              runtime_fraction: {default_value: {numerator: 3, denominator: MILLION}, runtime_key: k},
              headers: [{name: X-A}], query_parameters: [{name: Q}]
            """
        )
        let expected = match(.pathSeparatedPrefix("/api")) {
            $0.isCaseSensitive = false
            $0.isGRPC = true
            $0.fraction = RuntimeFraction(Fraction(numerator: 3, denominator: 1_000_000), key: "k")
            $0.headers = [HeaderMatch(name: "x-a", rule: .present(true))]
            $0.queryParameters = [QueryParameterMatch(name: "Q", rule: .present(true))]
        }
        #expect(result.routes.map(\.match) == [expected], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `CONNECT requests have a match of their own`() {
        #expect(load("connect_matcher: {}").routes.map(\.match) == [match(.connect)])
    }

    private static let rules: [(String, HeaderMatch.Rule)] = [
        ("present_match: true", .present(true)),
        ("present_match: false", .present(false)),
        ("range_match: {start: -5, end: 7}", .range(-5..<7)),
        ("range_match: {start: 7, end: 5}", .range(7..<7)),
        ("range_match: {}", .range(0..<0)),
        (
            "range_match: {start: \"-9223372036854775808\", end: \"9223372036854775807\"}",
            .range(Int64.min..<Int64.max)
        ),
        ("string_match: {exact: \"\"}", .string(StringMatcher(.exact("")))),
        ("string_match: {exact: a, ignore_case: true}", .string(StringMatcher(.exact("a"), ignoresCase: true))),
        ("string_match: {prefix: a}", .string(StringMatcher(.prefix("a")))),
        ("string_match: {suffix: a}", .string(StringMatcher(.suffix("a")))),
        ("string_match: {contains: a}", .string(StringMatcher(.contains("a")))),
    ]

    @Test(arguments: rules)
    func `a header is matched by`(written: String, rule: HeaderMatch.Rule) {
        let result = load("prefix: /, headers: [{name: x, \(written), invert_match: true}]")
        let expected = HeaderMatch(name: "x", rule: rule, isInverted: true)
        #expect(result.routes.map(\.match.headers) == [[expected]], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    private static let deprecatedRules: [(String, HeaderMatch.Rule)] = [
        ("exact_match: a", .string(StringMatcher(.exact("a")))),
        ("prefix_match: a", .string(StringMatcher(.prefix("a")))),
        ("suffix_match: a", .string(StringMatcher(.suffix("a")))),
        ("contains_match: a", .string(StringMatcher(.contains("a")))),
    ]

    @Test(arguments: deprecatedRules)
    func `a deprecated way to match a header is accepted with a warning`(written: String, rule: HeaderMatch.Rule) {
        let result = load("prefix: /, headers: [{name: x, \(written), treat_missing_header_as_empty: true}]")
        let expected = HeaderMatch(name: "x", rule: rule, treatsMissingAsEmpty: true)
        #expect(result.routes.map(\.match.headers) == [[expected]], "\(result.rendered)")
        #expect(result.messages == ["\(written.prefix { $0 != ":" }) is deprecated: use string_match"])
    }

    @Test func `a header may be matched by a pattern, and a query parameter by any text`() throws {
        let header = "{name: x, string_match: {safe_regex: {regex: a+}}}"
        let parameter = "{name: q, string_match: {suffix: b}}, {name: r, present_match: false}"
        let result = load("prefix: /, headers: [\(header)], query_parameters: [\(parameter)]")
        let pattern = try RegexPattern("a+")
        let match = try #require(result.routes.first?.match, "\(result.rendered)")
        #expect(match.headers.map(\.rule) == [.string(StringMatcher(.regex(pattern)))])
        #expect(
            match.queryParameters == [
                QueryParameterMatch(name: "q", rule: .string(StringMatcher(.suffix("b")))),
                QueryParameterMatch(name: "r", rule: .present(false)),
            ]
        )
    }

    @Test(arguments: ["\"\"", "a", "/", "/a/", "\"/a?b\"", "\"/a#b\""])
    func `a separated prefix is refused`(prefix: String) {
        let message = "value does not match regex pattern \"^[^?#]+[^?#/]$\""
        #expect(load("path_separated_prefix: \(prefix)").messages == [message])
    }

    @Test(arguments: ["/a", "ab", "/é"])
    func `a separated prefix is accepted`(prefix: String) {
        #expect(load("path_separated_prefix: \(prefix)").routes.map(\.match) == [match(.pathSeparatedPrefix(prefix))])
    }

    @Test(arguments: [
        ("runtime_fraction: {}", "default_value is required"),
        ("headers: [{}]", "name is required"),
        ("headers: [~]", "name is required"),
        ("headers: [{name: \"a\\nb\"}]", "value must not contain NUL, CR or LF"),
        ("headers: [{name: x, string_match: {}}]", "match_pattern is required"),
        ("headers: [{name: x, string_match: {prefix: \"\"}}]", "prefix is required"),
        ("headers: [{name: x, string_match: {suffix: \"\"}}]", "suffix is required"),
        ("headers: [{name: x, string_match: {contains: \"\"}}]", "contains is required"),
        ("headers: [{name: x, string_match: {safe_regex: {}}}]", "regex is required"),
        (
            "headers: [{name: x, string_match: {safe_regex: {regex: a}, ignore_case: true}}]",
            "ignore_case has no effect for safe_regex."
        ),
        (
            "headers: [{name: x, string_match: {safe_regex: {regex: \"(\"}}}]",
            "not a regular expression: missing ): ("
        ),
        ("headers: [{name: x, string_match: {custom: {}}}]", "unsupported field \"custom\" in StringMatcher"),
        (
            "headers: [{name: x, present_match: true, range_match: {}}]",
            "range_match and present_match cannot both be set"
        ),
        ("headers: [{name: x, range_match: {start: 1.5}}]", "not a whole number"),
        ("headers: [{name: x, range_match: {end: 9223372036854775808}}]", "number out of range"),
        ("query_parameters: [{}]", "name is required"),
        ("query_parameters: [{name: q, string_match: {}}]", "match_pattern is required"),
        (
            "query_parameters: [{name: \(String(repeating: "q", count: 1025))}]",
            "value length must be at most 1024 bytes"
        ),
    ])
    func `a match is refused`(written: String, message: String) {
        #expect(load("prefix: /, \(written)").messages == [message])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Text patterns and regular expressions.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Type_Matcher_V3_StringMatcher, at place: Place) -> StringMatcher? {
        guard let pattern = pattern(message, at: place) else { return nil }
        if case .regex = pattern, message.ignoreCase {
            refuse(place.field("ignore_case"), "ignore_case has no effect for safe_regex.", found: "true")
        }
        return StringMatcher(pattern, ignoresCase: message.ignoreCase)
    }

    private mutating func pattern(
        _ message: Envoy_Type_Matcher_V3_StringMatcher,
        at place: Place
    ) -> StringMatcher.Pattern? {
        switch message.matchPattern {
        case .exact(let text): return .exact(text)
        case .prefix(let text):
            requireText(text, "prefix", in: place)
            return .prefix(text)
        case .suffix(let text):
            requireText(text, "suffix", in: place)
            return .suffix(text)
        case .contains(let text):
            requireText(text, "contains", in: place)
            return .contains(text)
        case .safeRegex(let regex):
            return compile(regex, at: place.field("safe_regex")).map(StringMatcher.Pattern.regex)
        case nil:
            let accepted = "exact, prefix, suffix, safe_regex or contains"
            require("match_pattern", in: place, accepted: accepted)
            return nil
        }
    }

    mutating func compile(_ message: Envoy_Type_Matcher_V3_RegexMatcher, at place: Place) -> RegexPattern? {
        guard !message.regex.isEmpty else {
            require("regex", in: place)
            return nil
        }
        do {
            return try RegexPattern(message.regex)
        } catch {
            let found = quoted(message.regex)
            refuse(place.field("regex"), "not a regular expression: \(shown(error.reason))", found: found)
            return nil
        }
    }

    mutating func compile(
        _ message: Envoy_Type_Matcher_V3_RegexMatchAndSubstitute,
        at place: Place
    ) -> RegexRewrite? {
        checkHeaderText(message.substitution, at: place.field("substitution"))
        guard message.hasPattern else {
            require("pattern", in: place)
            return nil
        }
        guard let pattern = compile(message.pattern, at: place.field("pattern")) else { return nil }
        if let fault = pattern.fault(inSubstitution: message.substitution) {
            // As in Envoy, which accepts it and then replaces nothing.
            warn(place.field("substitution"), "nothing is ever replaced: \(shown(fault))")
        }
        return RegexRewrite(pattern: pattern, substitution: message.substitution)
    }
}

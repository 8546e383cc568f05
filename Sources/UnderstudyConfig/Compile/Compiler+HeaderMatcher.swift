// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What routes, retries and reply filters ask of headers, and routes of query parameters.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    mutating func compile(_ messages: [Envoy_Config_Route_V3_HeaderMatcher], at places: Place) -> [HeaderMatch] {
        zip(messages, places.items).compactMap { compile($0, at: $1) }
    }

    mutating func compile(_ message: Envoy_Config_Route_V3_HeaderMatcher, at place: Place) -> HeaderMatch? {
        requireHeaderName(message.name, "name", in: place)
        guard let rule = rule(message, at: place) else { return nil }
        return HeaderMatch(
            name: message.name.lowercased(),
            rule: rule,
            isInverted: message.invertMatch,
            treatsMissingAsEmpty: message.treatMissingHeaderAsEmpty
        )
    }

    private mutating func rule(
        _ message: Envoy_Config_Route_V3_HeaderMatcher,
        at place: Place
    ) -> HeaderMatch.Rule? {
        switch message.headerMatchSpecifier {
        case nil: return .present(true)
        case .presentMatch(let isPresent): return .present(isPresent)
        case .rangeMatch(let range): return .range(range.start..<max(range.start, range.end))
        case .stringMatch(let matcher):
            return compile(matcher, at: place.field("string_match")).map(HeaderMatch.Rule.string)
        // Envoy takes the empty text for no rule at all, which any value fulfils.
        case .exactMatch(let text): return text.isEmpty ? .present(true) : .string(StringMatcher(.exact(text)))
        case .safeRegexMatch(let regex):
            return compile(regex, at: place.field("safe_regex_match")).map { .string(StringMatcher(.regex($0))) }
        case .prefixMatch(let text):
            requireText(text, "prefix_match", in: place)
            return .string(StringMatcher(.prefix(text)))
        case .suffixMatch(let text):
            requireText(text, "suffix_match", in: place)
            return .string(StringMatcher(.suffix(text)))
        case .containsMatch(let text):
            requireText(text, "contains_match", in: place)
            return .string(StringMatcher(.contains(text)))
        }
    }

    mutating func compile(
        _ message: Envoy_Config_Route_V3_QueryParameterMatcher,
        at place: Place
    ) -> QueryParameterMatch? {
        requireText(message.name, "name", in: place)
        checkSize(message.name, atMost: 1024, at: place.field("name"))
        switch message.queryParameterMatchSpecifier {
        case nil: return QueryParameterMatch(name: message.name, rule: .present(true))
        case .presentMatch(let isPresent): return QueryParameterMatch(name: message.name, rule: .present(isPresent))
        case .stringMatch(let matcher):
            return compile(matcher, at: place.field("string_match")).map {
                QueryParameterMatch(name: message.name, rule: .string($0))
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Changes to the header lines of copies.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    mutating func mutations(
        _ messages: [Envoy_Config_Common_MutationRules_V3_HeaderMutation],
        at place: Place
    ) -> [HeaderMutation] {
        checkCount(messages.count, atMost: 1000, at: place)
        return zip(messages, place.items).compactMap { compile($0, at: $1) }
    }

    private mutating func compile(
        _ message: Envoy_Config_Common_MutationRules_V3_HeaderMutation,
        at place: Place
    ) -> HeaderMutation? {
        switch message.action {
        case .remove(let name):
            checkHeaderText(name, at: place.field("remove"))
            return .remove(name.lowercased())
        case .append(let option): return compile(option, at: place.field("append")).map(HeaderMutation.append)
        case .removeOnMatch(let match):
            let place = place.field("remove_on_match")
            guard match.hasKeyMatcher else {
                require("key_matcher", in: place)
                return nil
            }
            return compile(match.keyMatcher, at: place.field("key_matcher")).map(HeaderMutation.removeMatching)
        case nil:
            require("action", in: place, accepted: "remove, append or remove_on_match")
            return nil
        }
    }
}

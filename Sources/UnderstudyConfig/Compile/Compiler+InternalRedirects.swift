// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Redirects of the primary that the proxy follows itself.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(
        _ message: Envoy_Config_Route_V3_InternalRedirectPolicy,
        at place: Place
    ) -> InternalRedirectPolicy {
        var policy = InternalRedirectPolicy(allowsOtherScheme: message.allowCrossSchemeRedirect)
        if message.hasMaxInternalRedirects { policy.maximum = Int(message.maxInternalRedirects.value) }
        checkCount(message.redirectResponseCodes.count, atMost: 5, at: place.field("redirect_response_codes"))
        if !message.redirectResponseCodes.isEmpty {
            // As Envoy, which passes over what is no redirect.
            let known = [301, 302, 303, 307, 308]
            policy.statuses = Set(message.redirectResponseCodes.map(Int.init).filter(known.contains))
        }
        var seen: Set<String> = []
        for (name, place) in zip(message.responseHeadersToCopy, place.field("response_headers_to_copy").items) {
            checkHeaderText(name, at: place)
            if isProtected(name) {
                refuse(place, ":-prefixed headers or Hosts may not be specified here.", found: quoted(name))
            } else if !seen.insert(name).inserted {
                refuse(place, breaking: "repeated value must contain unique items", found: quoted(name))
            }
        }
        policy.responseHeadersToCopy = message.responseHeadersToCopy.filter { !$0.isEmpty }.map { $0.lowercased() }
        return policy
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the hashing balancers choose an endpoint by.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    /// `nil` also for a policy that never has a value.
    mutating func compile(
        _ message: Envoy_Config_Route_V3_RouteAction.HashPolicy,
        at place: Place
    ) -> HashPolicy? {
        guard let source = source(message, at: place) else { return nil }
        return HashPolicy(source, isTerminal: message.terminal)
    }

    private mutating func source(
        _ message: Envoy_Config_Route_V3_RouteAction.HashPolicy,
        at place: Place
    ) -> HashPolicy.Source? {
        switch message.policySpecifier {
        case .header(let header):
            let place = place.field("header")
            requireHeaderName(header.headerName, "header_name", in: place)
            var rewrite: RegexRewrite?
            if header.hasRegexRewrite { rewrite = compile(header.regexRewrite, at: place.field("regex_rewrite")) }
            return .header(name: header.headerName.lowercased(), rewrite: rewrite)
        case .cookie(let cookie):
            requireText(cookie.name, "name", in: place.field("cookie"))
            let ttl = cookie.hasTtl ? Duration(cookie.ttl) : nil
            return .cookie(name: cookie.name, ttl: ttl, path: cookie.path)
        case .connectionProperties(let properties): return properties.sourceIp ? .sourceIP : nil
        case .queryParameter(let parameter):
            requireText(parameter.name, "name", in: place.field("query_parameter"))
            return .queryParameter(name: parameter.name)
        case nil:
            let accepted = "header, cookie, connection_properties or query_parameter"
            require("policy_specifier", in: place, accepted: accepted)
            return nil
        }
    }
}

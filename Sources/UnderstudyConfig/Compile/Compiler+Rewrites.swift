// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Changes to the path and the Host of a request.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func setRewrites(
        _ message: Envoy_Config_Route_V3_RouteAction,
        at place: Place,
        of action: inout RouteAction
    ) {
        action.pathRewrite = pathRewrite(message, at: place)
        action.hostRewrite = hostRewrite(message, at: place)
        action.appendsForwardedHost = message.appendXForwardedHost
    }

    private mutating func pathRewrite(
        _ message: Envoy_Config_Route_V3_RouteAction,
        at place: Place
    ) -> PathRewrite? {
        checkHeaderText(message.prefixRewrite, at: place.field("prefix_rewrite"))
        guard message.hasRegexRewrite else {
            return message.prefixRewrite.isEmpty ? nil : .prefix(message.prefixRewrite)
        }
        let rewrite = compile(message.regexRewrite, at: place.field("regex_rewrite")).map(PathRewrite.regex)
        if !message.prefixRewrite.isEmpty {
            let rule = "Specify only one of prefix_rewrite, regex_rewrite or path_rewrite_policy"
            refuse(place.field("regex_rewrite"), rule)
        }
        return rewrite
    }

    private mutating func hostRewrite(
        _ message: Envoy_Config_Route_V3_RouteAction,
        at place: Place
    ) -> HostRewrite? {
        switch message.hostRewriteSpecifier {
        case .hostRewriteLiteral(let text):
            checkHeaderText(text, at: place.field("host_rewrite_literal"))
            return text.isEmpty ? nil : .literal(text)
        case .autoHostRewrite(let isOn): return isOn.value ? .endpoint : nil
        case .hostRewriteHeader(let name):
            checkHeaderText(name, at: place.field("host_rewrite_header"))
            return name.isEmpty ? nil : .header(name.lowercased())
        case .hostRewritePathRegex(let rewrite):
            return compile(rewrite, at: place.field("host_rewrite_path_regex")).map(HostRewrite.pathRegex)
        case nil: return nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which requests a route takes.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Route_V3_RouteMatch, at place: Place) -> RouteMatch? {
        let path = path(message, at: place)
        var fraction: RuntimeFraction?
        if message.hasRuntimeFraction {
            fraction = compile(message.runtimeFraction, at: place.field("runtime_fraction"))
        }
        let headers = compile(message.headers, at: place.field("headers"))
        let parameters = zip(message.queryParameters, place.field("query_parameters").items)
        let queryParameters = parameters.compactMap { compile($0, at: $1) }
        guard let path else { return nil }
        var match = RouteMatch(path: path)
        match.isCaseSensitive = message.hasCaseSensitive ? message.caseSensitive.value : true
        match.fraction = fraction
        match.headers = headers
        match.queryParameters = queryParameters
        match.isGRPC = message.hasGrpc
        return match
    }

    private mutating func path(_ message: Envoy_Config_Route_V3_RouteMatch, at place: Place) -> PathMatch? {
        switch message.pathSpecifier {
        case .prefix(let prefix): return .prefix(prefix)
        case .path(let path): return .exact(path)
        case .safeRegex(let regex): return compile(regex, at: place.field("safe_regex")).map(PathMatch.regex)
        case .connectMatcher: return .connect
        case .pathSeparatedPrefix(let prefix):
            check(separatedPrefix: prefix, at: place.field("path_separated_prefix"))
            return .pathSeparatedPrefix(prefix)
        case nil:
            let accepted = "prefix, path, safe_regex, connect_matcher or path_separated_prefix"
            require("path_specifier", in: place, accepted: accepted)
            return nil
        }
    }

    /// Source: Envoy's rule `^[^?#]+[^?#/]$`.
    private mutating func check(separatedPrefix prefix: String, at place: Place) {
        let isClean = !prefix.contains { $0 == "?" || $0 == "#" }
        guard prefix.unicodeScalars.count < 2 || prefix.hasSuffix("/") || !isClean else { return }
        let rule = "value does not match regex pattern \"^[^?#]+[^?#/]$\""
        let accepted = "a path such as /api, without a slash at its end"
        refuse(place, breaking: rule, found: quoted(prefix), accepted: accepted)
    }
}

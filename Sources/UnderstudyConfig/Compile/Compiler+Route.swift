// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One route: which requests it takes, and what becomes of them.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Route_V3_Route, at place: Place, in outer: RouteScope) -> Route? {
        var scope = outer
        scope.routeName = message.name
        if let limit = bufferLimit(message) { scope.retryBufferLimit = limit }
        setPerFilter(message.typedPerFilterConfig, at: place, of: &scope)
        var match: RouteMatch?
        if message.hasMatch {
            match = compile(message.match, at: place.field("match"))
        } else {
            require("match", in: place)
        }
        let headers = headerOperations(message, at: place)
        guard let action = action(message, at: place, in: scope), let match else { return nil }
        var route = Route(match: match, action: action)
        route.name = message.name
        route.headers = headers
        route.buffering = buffering(scope.buffering)
        return route
    }

    private mutating func action(
        _ message: Envoy_Config_Route_V3_Route,
        at place: Place,
        in scope: RouteScope
    ) -> Route.Action? {
        switch message.action {
        case .route(let action):
            return compile(action, at: place.field("route"), in: scope).map(Route.Action.forward)
        case .redirect(let redirect): return .redirect(compile(redirect, at: place.field("redirect")))
        case .directResponse(let response):
            return compile(response, at: place.field("direct_response"), in: scope).map(Route.Action.direct)
        case .nonForwardingAction: return Route.Action.none
        case nil:
            let accepted = "route, redirect, direct_response or non_forwarding_action"
            require("action", in: place, accepted: accepted)
            return nil
        }
    }
}

/// A message with both fields for the bytes that are kept for another try.
protocol RetryBuffering {
    var hasRequestBodyBufferLimit: Bool { get }
    var requestBodyBufferLimit: Google_Protobuf_UInt64Value { get }
    var hasPerRequestBufferLimitBytes: Bool { get }
    var perRequestBufferLimitBytes: Google_Protobuf_UInt32Value { get }
}

extension Envoy_Config_Route_V3_Route: RetryBuffering {}
extension Envoy_Config_Route_V3_VirtualHost: RetryBuffering {}

extension Compiler {
    /// Bytes that are kept for another try; `nil` if the message does not say.
    func bufferLimit(_ message: some RetryBuffering) -> Int? {
        if message.hasRequestBodyBufferLimit { return Int(clamping: message.requestBodyBufferLimit.value) }
        return message.hasPerRequestBufferLimitBytes ? Int(message.perRequestBufferLimitBytes.value) : nil
    }
}

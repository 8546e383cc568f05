// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The chain of HTTP filters.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias Router = Envoy_Extensions_Filters_Http_Router_V3_Router

    /// What a chain of filters comes to.
    struct HTTPFilters {
        var router: Router?
        var routerPlace: Place
        var healthChecks: [HealthCheckFilter] = []
        /// A buffer filter stands before the first of those.
        var buffersBeforeHealthChecks = false
        /// The block of our own.
        var block: Place?
    }

    private typealias HTTPFilter = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter

    private static let routerName = "envoy.filters.http.router"

    /// The filters, of which the router ends the chain; optional ones that are not understood are skipped.
    mutating func filters(
        _ messages: [Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter],
        at manager: Place
    ) -> HTTPFilters {
        let list = manager.field("http_filters")
        var filters = HTTPFilters(routerPlace: list)
        filterNames = []
        bufferFilters = []
        mirroringFilter = Self.defaultMirroringFilter
        for (index, (message, place)) in zip(messages, list.items).enumerated() {
            if message.name.isEmpty { require("name", in: place) }
            guard case .typedConfig(let any) = message.configType else {
                checkSkipped(message, at: place)
                continue
            }
            filterNames.insert(message.name)
            add(any, of: message, at: place, isLast: index == messages.count - 1, to: &filters)
        }
        if messages.allSatisfy({ $0.configType == nil || isTypedStruct($0.typedConfig) }) {
            let accepted = "\(Self.routerName), as the last filter"
            require("http_filters", in: manager, "the router is missing", accepted: accepted)
        }
        return filters
    }

    private mutating func add(
        _ any: Google_Protobuf_Any,
        of message: HTTPFilter,
        at place: Place,
        isLast: Bool,
        to filters: inout HTTPFilters
    ) {
        let inner = place.field("typed_config")
        if any.isA(HealthCheckMessage.self) {
            guard let check: HealthCheckMessage = unpacked(any, at: inner) else { return }
            filters.healthChecks.append(compile(check, at: inner))
            if isLast { refuseLast(message, Self.healthCheckType, at: place) }
        } else if any.isA(BufferMessage.self) {
            guard let buffer: BufferMessage = unpacked(any, at: inner) else { return }
            bufferFilters.append(BufferFilter(name: message.name, buffering: compile(buffer, at: inner)))
            if filters.healthChecks.isEmpty { filters.buffersBeforeHealthChecks = true }
            if isLast { refuseLast(message, Self.bufferType, at: place) }
        } else if isTypedStruct(any) {
            setMirroring(any, at: inner, after: filters.block)
            filters.block = inner
            mirroringFilter = message.name
        } else {
            filters.router = unpacked(any, at: inner)
            filters.routerPlace = inner
            if !isLast { refuseRouter(message, at: place) }
        }
    }

    private mutating func refuseRouter(_ message: HTTPFilter, at place: Place) {
        let name = message.name.isEmpty ? Self.routerName : shown(message.name)
        let text = """
            terminal filter named \(name) of type \(Self.routerName) must be the last filter in a http filter chain.
            """
        refuse(place, text, accepted: "exactly one router, at the end")
    }

    private static let healthCheckType = "envoy.filters.http.health_check"

    private mutating func refuseLast(_ message: HTTPFilter, _ type: String, at place: Place) {
        let text = """
            non-terminal filter named \(shown(message.name)) of type \(type) is the last filter in a http filter chain.
            """
        refuse(place, text, accepted: "the router, at the end")
    }

    /// A filter without a type that is understood: fine if it is optional.
    private mutating func checkSkipped(_ filter: HTTPFilter, at place: Place) {
        if filter.isOptional {
            if place.field("typed_config").node == nil { warn(place, "this optional filter is skipped") }
            return
        }
        let name = shown(filter.name)
        require("typed_config", in: place, "Didn't find a registered implementation for '\(name)' with type URL: ''")
    }

    /// The message inside; `nil`, after a report, if it is none.
    mutating func unpacked<Inner: Message>(_ any: Google_Protobuf_Any, at place: Place) -> Inner? {
        do {
            return try Inner(unpackingAny: any)
        } catch {
            refuse(place, "cannot be read as \(Inner.protoMessageName)")
            return nil
        }
    }
}

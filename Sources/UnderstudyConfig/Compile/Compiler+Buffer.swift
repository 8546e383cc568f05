// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The buffer filter, and what routes say of it.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias BufferMessage = Envoy_Extensions_Filters_Http_Buffer_V3_Buffer
    typealias BufferPerRoute = Envoy_Extensions_Filters_Http_Buffer_V3_BufferPerRoute

    static let bufferType = "envoy.filters.http.buffer"

    /// A buffer filter of the chain at hand.
    struct BufferFilter {
        let name: String
        let buffering: BodyBuffering
    }

    mutating func compile(_ message: BufferMessage, at place: Place) -> BodyBuffering {
        let field = place.field("max_request_bytes")
        guard message.hasMaxRequestBytes else {
            require("max_request_bytes", in: place)
            return .none
        }
        let bytes = message.maxRequestBytes.value
        if bytes == 0 {
            refuse(field, breaking: "value must be greater than 0", found: "0", accepted: "1 to \(UInt32.max)")
        }
        return .upTo(Int(bytes))
    }

    mutating func compile(_ message: BufferPerRoute, at place: Place) -> BodyBuffering {
        switch message.override {
        case .buffer(let buffer): return compile(buffer, at: place.field("buffer"))
        case .disabled(true): return .none
        case .disabled(false):
            let rule = "value must equal true"
            refuse(place.field("disabled"), breaking: rule, found: "false", accepted: "true")
        case nil: require("override", in: place, accepted: "disabled or buffer")
        }
        return .none
    }

    func isBufferFilter(_ name: String) -> Bool { bufferFilters.contains { $0.name == name } }

    /// What the filters of the chain come to where this is said of some of them.
    ///
    /// - Parameter overrides: By the filter's name.
    func buffering(_ overrides: [String: BodyBuffering] = [:]) -> BodyBuffering {
        bufferFilters.reduce(.none) { $0.narrowed(by: overrides[$1.name] ?? $1.buffering) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What routes, and what is around them, say of single filters: limits of their copies, and whether they wait for bodies.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias FilterConfig = Envoy_Config_Route_V3_FilterConfig

    /// The name of our own filter in a chain that does not have it.
    static let defaultMirroringFilter = "understudy.mirroring"

    /// What one level says of single filters.
    struct PerFilter {
        /// Of its copies; `nil` for nothing.
        var mirrorLimits: MirrorLimits?
        /// By the name of the buffer filter.
        var buffering: [String: BodyBuffering] = [:]
    }

    /// What one level says replaces, filter by filter, what the levels around it say.
    mutating func setPerFilter(
        _ entries: [String: Google_Protobuf_Any],
        at place: Place,
        of scope: inout RouteScope
    ) {
        let own = perFilter(entries, at: place.field("typed_per_filter_config"))
        if let limits = own.mirrorLimits { scope.mirrorLimits = limits }
        scope.buffering.merge(own.buffering) { $1 }
    }

    mutating func perFilter(_ entries: [String: Google_Protobuf_Any], at place: Place) -> PerFilter {
        var result = PerFilter()
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let place = place.entry(name)
            if let buffering = buffering(entry, name, at: place) {
                result.buffering[name] = buffering
                continue
            }
            guard !entry.isA(BufferPerRoute.self), let message: FilterConfig = unpacked(entry, at: place),
                let limits = compile(message, name, at: place)
            else { continue }
            if result.mirrorLimits != nil {
                refuse(place, "another entry here is for mirrors, too", accepted: "one of them")
            }
            result.mirrorLimits = limits
        }
        return result
    }

    /// `nil` if the entry is for no buffer filter.
    private mutating func buffering(
        _ entry: Google_Protobuf_Any,
        _ name: String,
        at place: Place
    ) -> BodyBuffering? {
        guard let (carrier, place, isDisabled) = bufferCarrier(entry, name, at: place) else { return nil }
        guard let carrier else { return BodyBuffering.none }
        guard let message: BufferPerRoute = unpacked(carrier, at: place) else { return nil }
        let buffering = compile(message, at: place)
        if !isBufferFilter(name) {
            warn(place, "has no effect: no buffer filter of the chain is called \(quoted(name))")
        }
        return isDisabled ? BodyBuffering.none : buffering
    }

    /// Where the entry for a buffer filter has its message, if it has one; `nil` if it is for another filter.
    private mutating func bufferCarrier(
        _ entry: Google_Protobuf_Any,
        _ name: String,
        at place: Place
    ) -> (message: Google_Protobuf_Any?, place: Place, isDisabled: Bool)? {
        if entry.isA(BufferPerRoute.self) { return (entry, place, false) }
        guard entry.isA(FilterConfig.self), let wrapper = try? FilterConfig(unpackingAny: entry) else { return nil }
        if wrapper.config.isA(BufferPerRoute.self) {
            return (wrapper.config, place.field("config"), wrapper.disabled)
        }
        let isDisabled = !wrapper.hasConfig && wrapper.disabled && isBufferFilter(name)
        return isDisabled ? (nil, place, true) : nil
    }

    /// `nil` if the entry is none of ours.
    private mutating func compile(_ message: FilterConfig, _ name: String, at place: Place) -> MirrorLimits? {
        let config = place.field("config")
        guard message.hasConfig else {
            if message.disabled, name == mirroringFilter { return MirrorLimits() }
            // What stands there has been reported.
            if config.node == nil { checkEmpty(message, name, at: place) }
            return nil
        }
        guard let inner: Understudy_Mirroring_V1_MirroringPerRoute = carried(message.config, at: config) else {
            return nil
        }
        let limits = limits(inner, at: config.field("value"))
        return message.disabled ? MirrorLimits() : limits
    }

    /// The filters that a route may switch off.
    private var switchable: String {
        ([mirroringFilter] + bufferFilters.map(\.name)).map { quoted($0) }.joined(separator: ", ")
    }

    private mutating func checkEmpty(_ message: FilterConfig, _ name: String, at place: Place) {
        if !message.disabled {
            refuse(place, "Empty route/virtual host per filter configuration for \(shown(name)) filter")
        } else if message.isOptional, !filterNames.contains(name) {
            warn(place, "this filter's configuration is skipped")
        } else {
            let text = "no filter can be disabled by route but those of mirrors and bodies"
            refuse(place, text, kind: .unsupported, found: quoted(name), accepted: switchable)
        }
    }
}

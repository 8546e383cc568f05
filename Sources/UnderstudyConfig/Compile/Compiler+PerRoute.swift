// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What routes, and what is around them, say of single filters: limits of their copies, and nothing else yet.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    private typealias FilterConfig = Envoy_Config_Route_V3_FilterConfig

    /// The name of our own filter in a chain that does not have it.
    static let defaultMirroringFilter = "understudy.mirroring"

    mutating func setMirrorLimits(
        _ entries: [String: Google_Protobuf_Any],
        at place: Place,
        of scope: inout RouteScope
    ) {
        guard let limits = mirrorLimits(entries, at: place.field("typed_per_filter_config")) else { return }
        scope.mirrorLimits = limits
    }

    /// What one level says of its copies, which replaces what the levels around it say; `nil` if it says nothing.
    mutating func mirrorLimits(_ entries: [String: Google_Protobuf_Any], at place: Place) -> MirrorLimits? {
        var result: MirrorLimits?
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let place = place.entry(name)
            guard let message: FilterConfig = unpacked(entry, at: place),
                let limits = compile(message, name, at: place)
            else { continue }
            if result != nil { refuse(place, "another entry here is for mirrors, too", accepted: "one of them") }
            result = limits
        }
        return result
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

    private mutating func checkEmpty(_ message: FilterConfig, _ name: String, at place: Place) {
        if !message.disabled {
            refuse(place, "Empty route/virtual host per filter configuration for \(shown(name)) filter")
        } else if message.isOptional, !filterNames.contains(name) {
            warn(place, "this filter's configuration is skipped")
        } else {
            let text = "no filter can be disabled by route but that of mirrors"
            refuse(place, text, kind: .unsupported, found: quoted(name), accepted: quoted(mirroringFilter))
        }
    }
}

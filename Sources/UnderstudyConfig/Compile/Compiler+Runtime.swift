// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The layers of the runtime.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    /// The layers; without any, one that the admin server changes.
    mutating func layers(_ message: Envoy_Config_Bootstrap_V3_Bootstrap, at place: Place) -> [RuntimeLayer] {
        guard message.hasLayeredRuntime else { return [] }
        let messages = message.layeredRuntime.layers
        let places = place.field("layered_runtime").field("layers").items
        let layers = zip(messages, places).compactMap { compile($0, at: $1, cluster: message.node.cluster) }
        var names: Set<String> = []
        var hasAdminLayer = false
        for (message, place) in zip(messages, places) {
            if !message.name.isEmpty, !names.insert(message.name).inserted {
                refuse(place.field("name"), "Duplicate layer name: \(shown(message.name))")
            }
            guard case .adminLayer = message.layerSpecifier else { continue }
            if hasAdminLayer {
                refuse(place, "Too many admin layers specified in LayeredRuntime, at most one may be specified")
            }
            hasAdminLayer = true
        }
        return messages.isEmpty ? [RuntimeLayer(name: "", kind: .admin)] : layers
    }

    private mutating func compile(
        _ message: Envoy_Config_Bootstrap_V3_RuntimeLayer,
        at place: Place,
        cluster: String
    ) -> RuntimeLayer? {
        requireText(message.name, "name", in: place)
        switch message.layerSpecifier {
        case .staticLayer(let fields):
            guard let values = values(fields, at: place.field("static_layer")) else { return nil }
            return RuntimeLayer(name: message.name, kind: .static(values))
        case .diskLayer(let disk):
            checkRoot(disk.symlinkRoot, in: place.field("disk_layer"))
            let subdirectory = disk.appendServiceCluster ? "\(disk.subdirectory)/\(cluster)" : disk.subdirectory
            return RuntimeLayer(name: message.name, kind: .disk(root: disk.symlinkRoot, subdirectory: subdirectory))
        case .adminLayer: return RuntimeLayer(name: message.name, kind: .admin)
        case nil:
            let accepted = "static_layer, disk_layer or admin_layer"
            require("layer_specifier", in: place, accepted: accepted)
            return nil
        }
    }

    /// Checks that a directory can be watched for the root to be replaced in it.
    private mutating func checkRoot(_ root: String, in place: Place) {
        guard !root.isEmpty else {
            require("symlink_root", in: place, "symlink_root is required: invalid file path")
            return
        }
        let place = place.field("symlink_root")
        guard let slash = root.lastIndex(of: "/") else {
            refuse(place, "invalid file path \(shown(root))", found: quoted(root), accepted: "a path with a slash")
            return
        }
        guard slash != root.startIndex, !FileContent.exists(String(root[..<slash])) else { return }
        let reason = "No such file or directory"
        refuse(place, "unable to add filesystem watch for file \(shown(root)): \(reason)", found: quoted(root))
    }

    private mutating func values(_ fields: Google_Protobuf_Struct, at place: Place) -> [String: RuntimeValue]? {
        var result: [String: RuntimeValue] = [:]
        for (key, value) in fields.fields.sorted(by: { $0.key < $1.key }) {
            do {
                result.merge(try RuntimeValue.flatten([key: RuntimeTree(value)])) { $1 }
            } catch {
                refuse(place.entry(key), shown(error.message))
            }
        }
        return result
    }
}

extension RuntimeTree {
    fileprivate init(_ value: Google_Protobuf_Value) {
        self =
            switch value.kind {
            case .stringValue(let text): .string(text)
            case .numberValue(let number): .number(number)
            case .boolValue(let bool): .bool(bool)
            case .structValue(let fields): .object(fields.fields.mapValues(RuntimeTree.init))
            case .listValue: .list
            case .nullValue, nil: .null
            }
    }
}

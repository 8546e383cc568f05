// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The layers of the runtime, and the one set of values that they amount to.

/// Layers in the order of the configuration; later ones win.
///
/// - Source: Envoy `LayeredRuntime`.
public struct RuntimeLayers: Sendable {
    private let names: [String]
    /// `nil` for a disk layer whose directory does not exist.
    private var values: [[String: RuntimeValue]?]
    private let adminLayer: Int?

    public init(_ layers: [RuntimeLayer]) {
        names = layers.map(\.name)
        adminLayer = layers.firstIndex { if case .admin = $0.kind { true } else { false } }
        values = layers.map { layer in
            switch layer.kind {
            case .static(let values): values
            case .disk: nil
            case .admin: [:]
            }
        }
    }

    /// Somebody has changed a value.
    public var hasAdminOverrides: Bool {
        adminLayer.flatMap { values[$0] }.map { !$0.isEmpty } ?? false
    }

    /// Layers that are there.
    public var count: Int { values.count { $0 != nil } }

    public func isPresent(_ index: Int) -> Bool { values[index] != nil }

    /// Sets values of the admin layer; an empty one removes the key.
    ///
    /// Changes all or, if it throws, nothing.
    public mutating func modify(_ changes: [(key: String, value: String)]) throws(RuntimeFault) {
        guard let adminLayer, var layer = values[adminLayer] else { throw RuntimeFault("No admin layer specified") }
        for (key, value) in changes {
            layer[key] = value.isEmpty ? nil : try RuntimeValue(parsing: value)
        }
        values[adminLayer] = layer
    }

    /// - Parameters:
    ///   - index: The layer's place in the configuration.
    ///   - layer: `nil` if there is no such directory.
    public mutating func setDisk(_ index: Int, to layer: [String: RuntimeValue]?) {
        values[index] = layer
    }

    /// What requests see.
    public var snapshot: RuntimeSnapshot {
        var merged: [String: RuntimeValue] = [:]
        for case .some(let layer) in values { merged.merge(layer) { $1 } }
        return RuntimeSnapshot(merged)
    }

    /// What the admin server shows.
    public var document: RuntimeDocument {
        let present = values.indices.filter { values[$0] != nil }
        let layers = present.map { values[$0] ?? [:] }
        let keys = Set(layers.flatMap(\.keys)).sorted()
        let entries = keys.map { key in
            let texts = layers.map { $0[key]?.text ?? "" }
            return RuntimeDocument.Entry(key: key, finalValue: texts.last { !$0.isEmpty } ?? "", layerValues: texts)
        }
        return RuntimeDocument(layers: present.map { names[$0] }, entries: entries)
    }
}

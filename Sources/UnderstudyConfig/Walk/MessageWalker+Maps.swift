// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Fields of type map: a mapping whose keys are values, not names of fields.

extension MessageWalker {
    /// Writes a map as an object; false, after a report, if the value is no mapping.
    mutating func writeMap(_ place: Place, _ typeName: String, _ entry: Schema.Message) throws(Stop) -> Bool {
        guard let value = entry.fieldsByName["value"] else { preconditionFailure("\(typeName): a map of nothing") }
        guard case .mapping(let mapping) = place.content else {
            refuse(place, "not a mapping", accepted: "a mapping")
            return false
        }
        output.append("{")
        var isFirst = true
        for (key, node) in mapping {
            try visit()
            guard let scalar = key.scalar else {
                let keyPlace = Place(path: place.path, node: key, mark: key.mark)
                refuse(keyPlace, "a key has to be text", accepted: "text")
                continue
            }
            let before = output.count
            output.append(isFirst ? "" : ",")
            output.append(quoting: scalar.string)
            output.append(":")
            let item = place.entry(scalar.string, node)
            let isWritten = try writeEntry(item, key: key, of: typeName, value.type)
            if isWritten { isFirst = false } else { output.truncate(to: before) }
        }
        output.append("}")
        return true
    }

    private mutating func writeEntry(
        _ item: Place,
        key: Node,
        of typeName: String,
        _ type: Schema.FieldType
    ) throws(Stop) -> Bool {
        guard let point = ExtensionPoint(of: typeName, "value", in: item) else {
            return try writeSingle(item, of: type)
        }
        return try writeMapped(item, key: key, at: point)
    }

    /// Writes an extension that a key chooses; false, after a report, if the key is not known here.
    private mutating func writeMapped(_ item: Place, key: Node, at point: ExtensionPoint) throws(Stop) -> Bool {
        let name = key.scalar?.string ?? ""
        guard let keys = point.keys, !keys.contains(name) else { return try writeExtension(item, at: point, in: item) }
        let nearest = nearestName(to: name, among: keys)
        let isKnownToEnvoy = nearest == nil && name.hasPrefix("envoy.")
        let text = "Didn't find a registered network or http filter or protocol options implementation for name:"
        log.report(
            isKnownToEnvoy ? .unsupported : .unknown,
            at: Place(path: item.path, node: key, mark: key.mark),
            isKnownToEnvoy ? "unsupported protocol options" : "\(text) '\(shown(name))'",
            found: quoted(name),
            accepted: keys.first,
            suggestion: nearest
        )
        return false
    }
}

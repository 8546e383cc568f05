// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Free-form values: JSON whose keys nobody knows beforehand.

extension MessageWalker {
    /// Deepest nesting of lists and mappings in a free-form value; the JSON reader has a limit, too.
    private static let maximumFreeDepth = 30

    /// Writes a `google.protobuf.Struct`: any mapping, with scalars typed as everywhere.
    mutating func writeStruct(_ place: Place) throws(Stop) -> Bool {
        guard case .mapping = place.content else {
            refuse(place, "not a mapping", accepted: "a mapping")
            return false
        }
        let isWritten = try writeFreeValue(place, depth: 0)
        if !isWritten { log.noteFault(at: place.path) }
        return isWritten
    }

    private mutating func writeFreeValue(_ place: Place, depth: Int) throws(Stop) -> Bool {
        try visit()
        guard depth < Self.maximumFreeDepth else {
            refuse(place, "nested too deeply", accepted: "\(Self.maximumFreeDepth) levels")
            return false
        }
        switch place.content {
        case .mapping(let mapping): return try writeFreeMapping(mapping, at: place, depth: depth)
        case .sequence(let sequence):
            output.append("[")
            for (index, node) in sequence.enumerated() {
                if index > 0 { output.append(",") }
                let item = Place(path: "\(place.path)[\(index)]", node: node, mark: node.mark)
                guard try writeFreeValue(item, depth: depth + 1) else { return false }
            }
            output.append("]")
            return true
        case .scalar(let scalar): return writeFreeScalar(scalar.value, at: place)
        case nil:
            output.append("null")
            return true
        }
    }

    private mutating func writeFreeMapping(
        _ mapping: Node.Mapping,
        at place: Place,
        depth: Int
    ) throws(Stop) -> Bool {
        output.append("{")
        for (index, (key, node)) in mapping.enumerated() {
            guard let scalar = key.scalar else {
                let keyPlace = Place(path: place.path, node: key, mark: key.mark)
                refuse(keyPlace, "a key has to be text", accepted: "text")
                return false
            }
            if index > 0 { output.append(",") }
            output.append(quoting: scalar.string)
            output.append(":")
            guard try writeFreeValue(place.entry(scalar.string, node), depth: depth + 1) else { return false }
        }
        output.append("}")
        return true
    }

    private mutating func writeFreeScalar(_ value: ScalarValue, at place: Place) -> Bool {
        switch value {
        case .null: output.append("null")
        case .bool(let bool): output.append(bool ? "true" : "false")
        case .integer(let integer): output.append(String(integer))
        case .text(let text):
            guard text.utf8.count <= Self.longestText else {
                refuse(place, "text too long", accepted: "\(Self.longestText) bytes at most")
                return false
            }
            output.append(quoting: text)
        }
        return true
    }
}

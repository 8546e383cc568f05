// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One value of the file together with what messages need to know about it: its path and its position.

/// A value, where it stands, and the way to it from the root.
struct Place {
    /// Field names and list indices from the root, in Envoy's spelling; empty for the root.
    let path: String
    /// The value; `nil` if the file does not have it.
    let node: Node?
    /// Where the value stands, or the nearest thing around it that exists.
    let mark: Mark?
    /// What the schema says of the value; `nil` where names are the file's own, such as in a free-form value.
    let role: Schema.Role?

    init(path: String, node: Node?, mark: Mark?, role: Schema.Role? = nil) {
        self.path = path
        self.node = node
        self.mark = mark
        self.role = role
    }

    /// What the value is.
    var content: Node.Content? { node?.content }

    /// The root, read as a message.
    func root(as typeName: String) -> Place {
        Place(path: path, node: node, mark: mark, role: Schema.Role(type: typeName))
    }

    /// The value of a field, whichever of its two spellings the file uses.
    func field(_ name: String) -> Place {
        guard case .mapping(let mapping) = content else { return field(name, nil) }
        if let value = value(of: name, in: mapping) { return field(name, value) }
        return field(name, name.utf8.contains(UInt8(ascii: "_")) ? value(of: lowerCamelCase(name), in: mapping) : nil)
    }

    /// The value of a field, found already.
    func field(_ name: String, _ value: Node?) -> Place {
        let path = path.isEmpty ? name : "\(path).\(name)"
        return Place(path: path, node: value, mark: value?.mark ?? mark, role: role?.field(name, value))
    }

    /// The value under a key that is not a field's name.
    func entry(_ key: String, _ node: Node?) -> Place {
        Place(path: "\(path)[\(quoted(key))]", node: node, mark: node?.mark ?? mark, role: role?.entry(node))
    }

    /// The value under each key, for whoever asks for many of them.
    var entries: (String) -> Place {
        var values: [String: Node] = [:]
        if case .mapping(let mapping) = content {
            for (key, value) in mapping { if let name = key.scalar?.string { values[name] = value } }
        }
        return { key in entry(key, values[key]) }
    }

    /// The value under this very key.
    func entry(_ key: String) -> Place {
        guard case .mapping(let mapping) = content else { return entry(key, nil) }
        return entry(key, value(of: key, in: mapping))
    }

    /// One item of a list that holds no lists.
    func item(_ index: Int) -> Place {
        guard case .sequence(let sequence) = content, sequence.indices.contains(index) else { return item(index, nil) }
        return item(index, sequence[index])
    }

    /// One item of a list, found already.
    func item(_ index: Int, _ node: Node?) -> Place {
        Place(path: "\(path)[\(index)]", node: node, mark: node?.mark ?? mark, role: role?.item(index))
    }

    private func value(of name: String, in mapping: Node.Mapping) -> Node? {
        mapping.first { $0.key.scalar?.string == name }?.value
    }

    /// The items of a list; a value that is not a list counts as a list of one, and lists in lists as one list.
    var items: [Place] {
        var nodes: [Node] = []
        if let node { flatten(node, into: &nodes) }
        return nodes.enumerated().map { item($0, $1) }
    }

    private func flatten(_ node: Node, into nodes: inout [Node]) {
        guard case .sequence(let sequence) = node.content else {
            nodes.append(node)
            return
        }
        for item in sequence { flatten(item, into: &nodes) }
    }
}

/// The other spelling of a field name: `lb_policy` is also `lbPolicy`.
///
/// - Source: the JSON mapping of protocol buffers.
func lowerCamelCase(_ name: String) -> String {
    var result = ""
    var raise = false
    for character in name {
        if character == "_" {
            raise = true
        } else {
            result += raise ? character.uppercased() : String(character)
            raise = false
        }
    }
    return result
}

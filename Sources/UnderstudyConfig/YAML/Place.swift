// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One value of the file together with what messages need to know about it: its path and its position.

import Yams

/// A value, where it stands, and the way to it from the root.
struct Place {
    /// Field names and list indices from the root, in Envoy's spelling; empty for the root.
    let path: String
    /// The value; `nil` if the file does not have it.
    let node: Node?
    /// Where the value stands, or the nearest thing around it that exists.
    let mark: Mark?

    init(path: String, node: Node?, mark: Mark?) {
        self.path = path
        self.node = node
        self.mark = mark
    }

    /// The value of a field, whichever of its two spellings the file uses.
    func field(_ name: String) -> Place {
        let path = path.isEmpty ? name : "\(path).\(name)"
        guard case .mapping(let mapping) = node else { return Place(path: path, node: nil, mark: mark) }
        guard let value = value(of: name, in: mapping) ?? value(of: lowerCamelCase(name), in: mapping) else {
            return Place(path: path, node: nil, mark: mark)
        }
        return Place(path: path, node: value, mark: value.mark ?? mark)
    }

    private func value(of name: String, in mapping: Node.Mapping) -> Node? {
        mapping.first { $0.key.scalar?.string == name }?.value
    }

    /// The items of a list; a value that is not a list counts as a list of one, and lists in lists as one list.
    var items: [Place] {
        var nodes: [Node] = []
        if let node { flatten(node, into: &nodes) }
        return nodes.enumerated().map { Place(path: "\(path)[\($0)]", node: $1, mark: $1.mark ?? mark) }
    }

    private func flatten(_ node: Node, into nodes: inout [Node]) {
        guard case .sequence(let sequence) = node else {
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

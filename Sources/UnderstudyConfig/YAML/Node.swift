// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The tree that a YAML text stands for, with its positions. Aliases are followed: they share what they name.

/// A position in a text; both numbers count from 1, columns in characters of Unicode.
struct Mark: Equatable {
    let line: Int
    let column: Int
}

/// A value of a YAML file.
struct Node {
    enum Content {
        case scalar(Scalar)
        case sequence([Node])
        /// In the order of the file; no two scalars that are keys have the same text.
        case mapping(Mapping)
    }

    typealias Mapping = [(key: Node, value: Node)]

    struct Scalar {
        /// Without quotes, and with its escapes resolved.
        let string: String
        let style: ScalarValue.Style

        var value: ScalarValue { ScalarValue(string, style: style) }
    }

    let content: Content
    /// Where the value begins, its anchor and tag included.
    let mark: Mark

    var scalar: Scalar? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar
    }
}

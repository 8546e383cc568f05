// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The names in a mapping: which field each one means, and why some mean none.

extension MessageWalker {
    /// The fields that a mapping sets, after a report on every key that sets none.
    ///
    /// - Parameter isTyped: whether the mapping names its own type in a key `@type`, which is not a field.
    mutating func fields(
        _ mapping: Node.Mapping,
        of message: Schema.Message,
        at place: Place,
        isTyped: Bool = false
    ) throws(Stop) -> [(field: Schema.Field, place: Place)] {
        var result: [(Schema.Field, Place)] = []
        var spellings: [String: String] = [:]
        var alternatives: [String: String] = [:]
        for (key, value) in mapping {
            try visit()
            if isTyped, key.scalar?.string == "@type" { continue }
            guard let (spelling, field) = field(key, value, of: message, at: place) else { continue }
            let path = path(of: field.name, in: place)
            let keyPlace = Place(path: path, node: key, mark: key.mark)
            if let other = spellings.updateValue(spelling, forKey: field.name) {
                log.report(.invalid, at: keyPlace, "\(quoted(spelling)) repeats \(quoted(other))")
                continue
            }
            if isNull(value) { continue }
            if let oneof = field.oneof, let other = alternatives.updateValue(field.name, forKey: oneof) {
                let message = "\(field.name) and \(other) cannot both be set"
                let envoy = "'\(field.name)' has already been set (either directly or as part of a oneof)"
                log.report(.invalid, at: keyPlace, message, accepted: "one of them", envoy: envoy)
                continue
            }
            result.append((field, place.field(field.name, value)))
        }
        return result
    }

    /// The field that a key means; `nil`, after a report where one is due, if it means none.
    private mutating func field(
        _ key: Node,
        _ value: Node,
        of message: Schema.Message,
        at place: Place
    ) -> (spelling: String, Schema.Field)? {
        guard let scalar = key.scalar else {
            let keyPlace = Place(path: place.path, node: key, mark: key.mark)
            refuse(keyPlace, "a field name has to be text", accepted: fieldNames(of: message))
            return nil
        }
        let name = scalar.string
        if let field = message.fieldsByName[name] { return (name, field) }
        let keyPlace = Place(path: path(of: name, in: place), node: key, mark: key.mark)
        if !message.unsupported.contains(name) {
            reportUnknown(name, of: message, at: keyPlace)
        } else if !isEmpty(value) {
            reportUnsupported(name, of: message, at: keyPlace)
        }
        return nil
    }

    private mutating func reportUnknown(_ name: String, of message: Schema.Message, at place: Place) {
        let why = name == "<<" ? ": merge keys mean nothing to Envoy" : ""
        log.report(
            .unknown,
            allowUnknownFields ? .warning : .error,
            at: place,
            "unknown field \(quoted(name)) in \(message.name)\(why)",
            accepted: fieldNames(of: message),
            envoy: message.isOurs ? nil : "no such field: '\(shown(name))'",
            suggestion: nearestName(to: name, among: message.fieldsByName.keys.sorted())
        )
    }

    private mutating func reportUnsupported(_ name: String, of message: Schema.Message, at place: Place) {
        log.report(
            .unsupported,
            allowUnknownFields ? .warning : .error,
            at: place,
            "unsupported field \(quoted(name)) in \(message.name)",
            accepted: fieldNames(of: message)
        )
    }

    /// Whether a value says nothing, so that it does not matter that its field is unsupported.
    private func isEmpty(_ value: Node) -> Bool {
        if case .sequence(let items) = value.content { return items.isEmpty }
        return isNull(value)
    }

    private func path(of name: String, in place: Place) -> String {
        let isPlain =
            (1...100).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "_") }
        let step = isPlain ? name : "[\(quoted(name))]"
        return place.path.isEmpty || !isPlain ? place.path + step : "\(place.path).\(step)"
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}

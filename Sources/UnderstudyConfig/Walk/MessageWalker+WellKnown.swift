// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The messages that protocol buffers define themselves and that files write in notations of their own: durations and
// wrapped scalars.

extension MessageWalker {
    /// Writes a message of `google.protobuf`; `nil` if the type is none of those.
    mutating func writeWellKnown(_ place: Place, _ typeName: String) throws(Stop) -> Bool? {
        switch typeName {
        case "google.protobuf.Duration": try writeDuration(place)
        case "google.protobuf.Struct": try writeStruct(place)
        case "google.protobuf.UInt32Value": try writeWrapper(place, .integer(0...Int128(UInt32.max)))
        case "google.protobuf.UInt64Value": try writeWrapper(place, .integer(0...Int128(UInt64.max)))
        case "google.protobuf.BoolValue": try writeWrapper(place, .bool)
        default: nil
        }
    }

    /// Writes a wrapped scalar: the scalar itself, or a mapping with nothing but a `value`.
    private mutating func writeWrapper(_ place: Place, _ type: Schema.FieldType) throws(Stop) -> Bool {
        guard case .mapping(let mapping) = place.content else { return writeScalar(place, type) }
        let wrapper = Schema.Message(name: "a wrapped value", fields: [Schema.Field(name: "value", type: type)])
        guard let value = try fields(mapping, of: wrapper, at: place).first else {
            writeDefault(of: type)
            return true
        }
        return writeScalar(value.place, type)
    }

    /// Writes a duration: `0.25s`, or a mapping with seconds and nanos.
    private mutating func writeDuration(_ place: Place) throws(Stop) -> Bool {
        if case .mapping(let mapping) = place.content { return try writeDuration(mapping, at: place) }
        guard case .scalar(let scalar) = place.content, case .text(let text) = scalar.value,
            let duration = DurationText(text)
        else {
            refuse(place, "not a duration", accepted: "seconds such as 0.25s")
            return false
        }
        guard !duration.isNegative, duration.seconds < DurationText.limit else {
            let message = duration.isNegative ? "Expected positive duration" : "duration out of range"
            refuse(place, message, accepted: "0s to less than \(DurationText.limit)s")
            return false
        }
        write(seconds: duration.seconds, nanoseconds: duration.nanoseconds)
        return true
    }

    private mutating func writeDuration(_ mapping: Node.Mapping, at place: Place) throws(Stop) -> Bool {
        let ranges: [String: ClosedRange<Int128>] = [
            "seconds": 0...Int128(DurationText.limit - 1), "nanos": 0...999_999_999,
        ]
        let parts = ["seconds", "nanos"].map { Schema.Field(name: $0, type: .integer(ranges[$0] ?? 0...0)) }
        var values: [String: Int128] = [:]
        for part in try fields(mapping, of: Schema.Message(name: "Duration", fields: parts), at: place) {
            guard let value = integer(part.place, in: ranges[part.field.name] ?? 0...0) else { return false }
            values[part.field.name] = value
        }
        // Safe: both are in the ranges above.
        write(seconds: Int64(values["seconds"] ?? 0), nanoseconds: Int64(values["nanos"] ?? 0))
        return true
    }

    private mutating func write(seconds: Int64, nanoseconds: Int64) {
        let digits = String(nanoseconds)
        output.append("\"\(seconds).\(String(repeating: "0", count: 9 - digits.utf8.count))\(digits)s\"")
    }
}

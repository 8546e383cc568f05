// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Reads the schema from the descriptors that were generated with the message types, so that the two cannot differ.

import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf

extension Schema {
    /// The schema of this build.
    static let envoy: Schema = {
        guard let bytes = Data(base64Encoded: EnvoyDescriptors.base64),
            let descriptors = try? Google_Protobuf_FileDescriptorSet(serializedBytes: bytes)
        else { preconditionFailure("EnvoyDescriptors.swift is damaged: run scripts/generate-api.sh") }
        return Schema(descriptors)
    }()

    init(_ descriptors: Google_Protobuf_FileDescriptorSet) {
        for file in descriptors.file {
            for message in file.messageType { add(message, in: file.package) }
            for enumeration in file.enumType { add(enumeration, in: file.package) }
        }
    }

    private mutating func add(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
        let fullName = "\(scope).\(message.name)"
        for nested in message.nestedType { add(nested, in: fullName) }
        for nested in message.enumType { add(nested, in: fullName) }
        let unsupported = message.reservedName + (Self.newerFields[fullName] ?? [])
        messages[fullName] = Message(
            name: message.name,
            fields: message.field.map { Field($0, of: message) },
            unsupported: Set(unsupported + unsupported.map(lowerCamelCase)),
            isMapEntry: message.options.mapEntry,
            isOurs: fullName.hasPrefix(TypedStruct.package)
        )
    }

    private mutating func add(_ enumeration: Google_Protobuf_EnumDescriptorProto, in scope: String) {
        // The upper bound of a reserved range of an enumeration, unlike that of a message, belongs to it.
        let numbers = enumeration.reservedRange.flatMap { Int64($0.start)...Int64($0.end) }
        enumerations["\(scope).\(enumeration.name)"] = Enumeration(
            values: enumeration.value.map { ($0.name, Int64($0.number)) },
            unsupportedNames: Set(enumeration.reservedName),
            unsupportedNumbers: Set(numbers)
        )
    }
}

extension Schema.Field {
    fileprivate init(_ field: Google_Protobuf_FieldDescriptorProto, of message: Google_Protobuf_DescriptorProto) {
        self.init(
            name: field.name,
            type: Schema.FieldType(field),
            isList: field.label == .repeated,
            oneof: field.hasOneofIndex ? message.oneofDecl[Int(field.oneofIndex)].name : nil
        )
    }
}

extension Schema.FieldType {
    fileprivate init(_ field: Google_Protobuf_FieldDescriptorProto) {
        let typeName = String(field.typeName.drop { $0 == "." })
        switch field.type {
        case .string: self = .string
        case .bool: self = .bool
        case .bytes: self = .bytes
        case .uint32: self = .integer(0...Int128(UInt32.max))
        case .uint64: self = .integer(0...Int128(UInt64.max))
        case .int64: self = .integer(Int128(Int64.min)...Int128(Int64.max))
        case .double: self = .double
        case .enum: self = .enumeration(typeName)
        case .message: self = .message(typeName)
        default: preconditionFailure("\(field.name): a field type that no reader of configurations handles yet")
        }
    }
}

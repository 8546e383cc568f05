// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Texts that are made from facts of a request.

import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func format(_ text: String, at place: Place) -> FormatString? {
        do {
            return try FormatString(text) { ProcessInfo.processInfo.environment[$0] }
        } catch {
            report(error, at: place, found: text)
            return nil
        }
    }

    mutating func compile(
        _ message: Envoy_Config_Core_V3_SubstitutionFormatString,
        at place: Place
    ) -> BodyFormat? {
        checkHeaderText(message.contentType, at: place.field("content_type"))
        guard let form = form(message, at: place) else { return nil }
        return BodyFormat(
            form,
            contentType: message.contentType.isEmpty ? nil : message.contentType,
            omitsEmptyValues: message.omitEmptyValues
        )
    }

    private mutating func form(
        _ message: Envoy_Config_Core_V3_SubstitutionFormatString,
        at place: Place
    ) -> BodyFormat.Form? {
        switch message.format {
        case .textFormat(let text): return format(text, at: place.field("text_format")).map(BodyFormat.Form.text)
        case .textFormatSource(let source):
            let place = place.field("text_format_source")
            guard let bytes = content(of: source, at: place) else { return nil }
            return format(String(decoding: bytes, as: UTF8.self), at: place).map(BodyFormat.Form.text)
        case .jsonFormat(let members):
            return tree(members, at: place.field("json_format")).map(BodyFormat.Form.json)
        case nil:
            require("format", in: place, accepted: "text_format_source or json_format")
            return nil
        }
    }

    mutating func tree(_ members: Google_Protobuf_Struct, at place: Place) -> FormatTree? {
        var result: [FormatTree.Member] = []
        let entry = place.entries
        for (key, value) in members.fields.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            guard let value = tree(value, at: entry(key)) else { continue }
            result.append(FormatTree.Member(key: key, value: value))
        }
        return .object(result)
    }

    private mutating func tree(_ value: Google_Protobuf_Value, at place: Place) -> FormatTree? {
        switch value.kind {
        case .stringValue(let text): return format(text, at: place).map(FormatTree.string)
        case .numberValue(let number): return .number(number)
        case .boolValue(let bool): return .bool(bool)
        case .structValue(let members): return tree(members, at: place)
        case .listValue(let list):
            var items: [FormatTree] = []
            for (index, item) in list.values.enumerated() {
                if let item = tree(item, at: place.item(index)) { items.append(item) }
            }
            return .list(items)
        case .nullValue, nil: return .null
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Our own messages, out of what carries them past Envoy.

import EnvoyAPI
import SwiftProtobuf

extension Compiler {
    func isTypedStruct(_ any: Google_Protobuf_Any) -> Bool {
        any.isA(Xds_Type_V3_TypedStruct.self) || any.isA(Udpa_Type_V1_TypedStruct.self)
    }

    /// The message that a TypedStruct carries; `nil`, after a report, if it cannot be read.
    mutating func carried<Inner: Message>(_ any: Google_Protobuf_Any, at place: Place) -> Inner? {
        let value: Google_Protobuf_Struct
        if any.isA(Xds_Type_V3_TypedStruct.self) {
            guard let message: Xds_Type_V3_TypedStruct = unpacked(any, at: place) else { return nil }
            value = message.value
        } else {
            guard let message: Udpa_Type_V1_TypedStruct = unpacked(any, at: place) else { return nil }
            value = message.value
        }
        do {
            let json: [UInt8] = try value.jsonUTF8Bytes()
            return try Inner(jsonUTF8Bytes: json)
        } catch {
            refuse(place.field("value"), "cannot be read as \(Inner.protoMessageName)")
            return nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Content that stands in the file, beside it, or in the environment.

import EnvoyAPI
import FoundationEssentials
import UnderstudyCore

extension Compiler {
    /// Most bytes of a content that Envoy does not limit.
    static let longestContent = 1 << 20

    /// The bytes; `nil`, after a report, if there are none to be had.
    ///
    /// - Parameter responseLimit: most bytes of a direct response's body; `nil` for other contents.
    mutating func content(
        of message: Envoy_Config_Core_V3_DataSource,
        at place: Place,
        responseLimit: Int? = nil
    ) -> [UInt8]? {
        switch message.specifier {
        case .filename(let path):
            requireText(path, "filename", in: place)
            return path.isEmpty ? nil : file(path, at: place.field("filename"), responseLimit: responseLimit)
        case .inlineBytes(let data):
            return checked(Array(data), at: place.field("inline_bytes"), responseLimit: responseLimit)
        case .inlineString(let text):
            return checked(Array(text.utf8), at: place.field("inline_string"), responseLimit: responseLimit)
        case .environmentVariable(let name):
            requireText(name, "environment_variable", in: place)
            let place = place.field("environment_variable")
            guard let value = ProcessInfo.processInfo.environment[name] else {
                if !name.isEmpty { refuse(place, "Environment variable doesn't exist: \(shown(name))") }
                return nil
            }
            return checked(Array(value.utf8), at: place, responseLimit: responseLimit)
        case nil:
            let accepted = "filename, inline_bytes, inline_string or environment_variable"
            require("specifier", in: place, accepted: accepted)
            return nil
        }
    }

    private mutating func file(_ path: String, at place: Place, responseLimit: Int?) -> [UInt8]? {
        let limit = responseLimit ?? Self.longestContent
        switch FileContent.read(path, atMost: limit) {
        case .bytes(let bytes): return bytes
        case .missing:
            let message = responseLimit == nil ? "Invalid path: \(shown(path))" : "file \(shown(path)) does not exist"
            refuse(place, message)
        case .unreadable: refuse(place, "file \(shown(path)) cannot be read", accepted: "a file")
        case .tooLarge(let size):
            refuse(place, "file \(shown(path)) size is \(size) bytes; maximum is \(limit)")
        }
        return nil
    }

    private mutating func checked(_ bytes: [UInt8], at place: Place, responseLimit: Int?) -> [UInt8] {
        if let responseLimit, bytes.count > responseLimit {
            refuse(place, "response body size is \(bytes.count) bytes; maximum is \(responseLimit)")
        }
        return bytes
    }
}

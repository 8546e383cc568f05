// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One HTTP message as a test saw it on the wire.

/// A request or an answer, possibly not all of it yet.
package struct ObservedMessage: Sendable, CustomStringConvertible {
    package struct Header: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    package internal(set) var startLine = ""
    package internal(set) var headers: [Header] = []
    /// Bytes of the body so far, without any chunk lines.
    package internal(set) var bodyCount = 0
    /// The first bytes of the body.
    package internal(set) var bodyStart: [UInt8] = []
    /// The body so far equals the start of `BodyPattern`.
    package internal(set) var isIntact = true
    package internal(set) var isComplete = false

    /// Longest `bodyStart`.
    static let keptBytes = 256 * 1024

    package init() {}

    package func values(_ name: String) -> [String] {
        headers.filter { $0.name == name }.map(\.value)
    }

    /// The value of the only header of this name.
    package func value(_ name: String) -> String? {
        let values = values(name)
        return values.count == 1 ? values[0] : nil
    }

    /// The whole body as text, if it is short.
    package var body: String { String(decoding: bodyStart, as: UTF8.self) }

    /// Of an answer.
    package var status: Int {
        let parts = startLine.split(separator: " ", omittingEmptySubsequences: false)
        return parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    }

    /// Of a request.
    package var target: String {
        let parts = startLine.split(separator: " ", omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : ""
    }

    package var description: String {
        let lines = headers.map { "\($0.name): \($0.value)" }.joined(separator: "; ")
        return "[\(startLine); \(lines); body \(bodyCount)\(isComplete ? "" : " INCOMPLETE")]"
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Files of a test, gone after it.

internal import Foundation

/// A folder for one test.
package struct Folder: Sendable {
    private let url: URL

    /// Makes a folder and removes it after `body`.
    package static func with<Result>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Folder) async throws -> Result
    ) async throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("understudy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(Folder(url: url))
    }

    private init(url: URL) {
        self.url = url
    }

    /// The path of a file in it; of the folder itself if the name is empty.
    package func path(_ name: String) -> String {
        name.isEmpty ? url.path : url.appendingPathComponent(name).path
    }

    /// Writes a file.
    ///
    /// - Returns: Its path.
    package func write(_ name: String, _ text: String) throws -> String {
        let path = path(name)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    package func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Files that a configuration names.

import FoundationEssentials

/// What came of reading a file.
enum FileContent: Equatable {
    case bytes([UInt8])
    case missing
    /// A directory, a device, or not ours to read.
    case unreadable
    case tooLarge(Int)

    /// Whether anything stands there.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// Only regular files: opening a pipe would wait for somebody to write.
    static func read(_ path: String, atMost limit: Int) -> FileContent {
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return .missing }
        guard attributes[.type] as? FileAttributeType == .typeRegular,
            case .success(let bytes) = BoundedFile.read(path, upTo: limit + 1)
        else { return .unreadable }
        guard bytes.count <= limit else {
            return .tooLarge((attributes[.size] as? UInt64).map { Int(clamping: $0) } ?? bytes.count)
        }
        return .bytes(bytes)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Files that a configuration names.

/// What came of reading a file.
enum FileContent: Equatable {
    case bytes([UInt8])
    case missing
    /// A directory, a device, or not ours to read.
    case unreadable
    case tooLarge(Int)

    /// Whether anything stands there.
    static func exists(_ path: String) -> Bool {
        switch FileKind(of: path) {
        case .nothing, .brokenLink: false
        default: true
        }
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// Only regular files: opening a pipe would wait for somebody to write.
    static func read(_ path: String, atMost limit: Int) -> FileContent {
        switch FileKind(of: path) {
        case .nothing, .brokenLink: return .missing
        case .regular(let size):
            guard case .success(let bytes) = BoundedFile.read(path, upTo: limit + 1) else { return .unreadable }
            return bytes.count <= limit ? .bytes(bytes) : .tooLarge(max(size, bytes.count))
        case .openDescriptor, .directory, .device, .socket, .pipe: return .unreadable
        }
    }
}

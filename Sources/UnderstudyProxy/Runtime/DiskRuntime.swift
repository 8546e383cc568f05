// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Runtime values in a directory tree: a file for each, its path with dots for slashes the key.

public import UnderstudyCore

/// One disk layer.
///
/// - Source: Envoy `RuntimeLayer.DiskLayer`; what counts as a value's text is in `RuntimeText`.
public struct DiskRuntime: Sendable {
    /// Why a tree cannot be used.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        public let description: String
    }

    public static let mostFiles = 10_000
    /// Bytes.
    public static let largestFile = 16 * 1024
    public static let greatestDepth = 16

    /// Replaced as a whole to change values: a link that is moved here is noticed, a file that is written is not.
    public let root: String
    private let path: String

    public init(root: String, subdirectory: String) {
        self.root = root
        path = subdirectory.isEmpty ? root : root + "/" + subdirectory
    }

    /// All values; `nil` if there is no such directory.
    public func values() throws(Failure) -> [String: RuntimeValue]? {
        guard DirectoryTree.kind(of: path) == .directory else { return nil }
        var reading = Reading()
        try reading.walk(path, prefix: "", depth: 1)
        return reading.values
    }

    var identity: DirectoryTree.Identity? { DirectoryTree.identity(of: root) }

    private struct Reading {
        var values: [String: RuntimeValue] = [:]
        var files = 0

        mutating func walk(_ path: String, prefix: String, depth: Int) throws(Failure) {
            guard depth <= DiskRuntime.greatestDepth else {
                throw Failure(description: "Walk recursion depth exceeded \(DiskRuntime.greatestDepth)")
            }
            guard let names = DirectoryTree.names(in: path) else {
                throw Failure(description: "cannot read directory \(path)")
            }
            for name in names {
                let inner = path + "/" + name
                let key = prefix.isEmpty ? name : prefix + "." + name
                switch DirectoryTree.kind(of: inner) {
                case .directory: try walk(inner, prefix: key, depth: depth + 1)
                case .file: try read(inner, key)
                case .other: break
                }
            }
        }

        private mutating func read(_ path: String, _ key: String) throws(Failure) {
            files += 1
            guard files <= DiskRuntime.mostFiles else {
                throw Failure(description: "more than \(DiskRuntime.mostFiles) files")
            }
            guard let bytes = DirectoryTree.read(path, limit: DiskRuntime.largestFile) else {
                throw Failure(description: "cannot read \(path)")
            }
            guard bytes.count <= DiskRuntime.largestFile else {
                throw Failure(description: "\(path) has more than \(DiskRuntime.largestFile) bytes")
            }
            do throws(RuntimeFault) {
                values[key] = try RuntimeValue(parsing: RuntimeText.value(ofFile: bytes))
            } catch {
                throw Failure(description: "\(path): \(error.message)")
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a configuration comes from, and every way in which it may fail to become text.

/// A file, or text that was given on the command line.
public struct ConfigurationSource: Sendable, Equatable {
    private enum Content: Sendable, Equatable {
        case file
        case inline(String)
    }

    /// What messages call it: the path as given, or the name of the flag.
    public let name: String
    private let content: Content

    /// Longest configuration that is read, in bytes.
    ///
    /// Room for 10,000 routes of 800 bytes each, while what is longer is refused before anybody looks at it.
    public static let maximumSize = 8 << 20

    public static func file(path: String) -> ConfigurationSource {
        ConfigurationSource(name: path, content: .file)
    }

    public static func inline(_ text: String, name: String) -> ConfigurationSource {
        ConfigurationSource(name: name, content: .inline(text))
    }

    /// Why there is no text.
    struct Unreadable: Error {
        var message: String
        var line: Int?
        var column: Int?
    }

    func text() throws(Unreadable) -> String {
        switch content {
        case .file:
            return try Self.decode(try bytes())
        case .inline(let text):
            guard text.utf8.count <= Self.maximumSize else { throw Self.tooLarge }
            return text
        }
    }

    private static let tooLarge = Unreadable(message: "larger than \(maximumSize >> 20) MiB")

    private func bytes() throws(Unreadable) -> [UInt8] {
        try checkKind()
        switch BoundedFile.read(name, upTo: Self.maximumSize + 1) {
        case .success(let bytes):
            guard bytes.count <= Self.maximumSize else { throw Self.tooLarge }
            return bytes
        case .failure(.notOpened(let reason)): throw Unreadable(message: "cannot be opened: \(reason)")
        case .failure(.notRead(let reason)): throw Unreadable(message: "cannot be read: \(reason)")
        }
    }

    /// Refuses what has no end, or would make the opener wait for somebody to write.
    private func checkKind() throws(Unreadable) {
        switch FileKind(of: name) {
        case .regular, .openDescriptor: return
        case .nothing: throw Unreadable(message: "no such file")
        case .brokenLink: throw Unreadable(message: "a link that leads nowhere")
        case .directory: throw Unreadable(message: "a directory, not a file")
        case .device: throw Unreadable(message: "a device, not a file")
        case .socket: throw Unreadable(message: "a socket, not a file")
        case .pipe: throw Unreadable(message: "a pipe, not a file")
        }
    }

    private static func decode(_ bytes: [UInt8]) throws(Unreadable) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var failure = Unreadable(message: "not UTF-8", line: 1, column: 1)
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\n" {
                failure.line = (failure.line ?? 0) + 1
                failure.column = 1
            } else {
                failure.column = (failure.column ?? 0) + 1
            }
        }
        throw failure
    }
}

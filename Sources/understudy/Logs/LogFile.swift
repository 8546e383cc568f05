// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where log lines go: standard error, or a file that may be moved away and opened again.

internal import Synchronization
internal import UnderstudyHTTP

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The descriptor that lines are written to.
final class LogFile: Sendable {
    /// `nil` for standard error.
    private let path: String?
    private let descriptor: Mutex<CInt>

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(path: String?) throws(Failure) {
        self.path = path
        descriptor = Mutex(try path.map { path throws(Failure) in try Self.open(path) } ?? STDERR_FILENO)
    }

    deinit {
        if path != nil { _ = close(descriptor.withLock { $0 }) }
    }

    /// - Returns: Whether the whole line is written; a line that was cut off counts as lost.
    func write(_ line: [UInt8]) -> Bool {
        let descriptor = descriptor.withLock { $0 }
        var rest = line[...]
        while !rest.isEmpty {
            let written = StandardStream.write(descriptor, rest)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }

    /// Follows a rotation; if the file cannot be opened, the old one stays in use.
    ///
    /// Only from the writing thread.
    func reopen() throws(Failure) {
        guard let path else { return }
        let new = try Self.open(path)
        let old = descriptor.withLock { descriptor in
            defer { descriptor = new }
            return descriptor
        }
        _ = close(old)
    }

    private static func open(_ path: String) throws(Failure) -> CInt {
        let descriptor = openForAppending(path)
        guard descriptor >= 0 else {
            throw Failure(description: "cannot open log file '\(path)': \(SystemErrorText.text(errno))")
        }
        return descriptor
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An open file that lines are appended to.
//
// Unsafe because `write` and `poll` take pointers; both get arrays that outlive the call.

internal import UnderstudyCore
internal import UnderstudyHTTP

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Owned by one thread at a time; closes itself when it is let go.
final class LogDescriptor: Sendable {
    enum Outcome: Equatable {
        case wrote(Int)
        /// The reader of a pipe is behind.
        case isFull
        case failed(CInt)
    }

    private let descriptor: CInt
    /// A file on a disk, which is always ready.
    private let isRegular: Bool

    private init(_ descriptor: CInt) {
        self.descriptor = descriptor
        var status = stat()
        isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    deinit {
        close(descriptor)
    }

    /// Opens or creates what lines go to; never waits for the reader of a pipe.
    ///
    /// - Returns: The error's number if it cannot be opened.
    static func opened(_ sink: AccessLog.Sink) -> Result<LogDescriptor, SystemError> {
        switch sink {
        case .file("/dev/stdout"), .standardOutput: duplicate(1)
        case .file("/dev/stderr"), .standardError: duplicate(2)
        case .file(let path): opened(path)
        }
    }

    private static func opened(_ path: String) -> Result<LogDescriptor, SystemError> {
        let flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        var descriptor = system(path, flags | O_WRONLY)
        // A pipe without a reader: being one ourselves, without ever reading, lets lines wait in it for a while.
        if descriptor < 0, errno == ENXIO { descriptor = system(path, flags | O_RDWR) }
        return descriptor < 0 ? .failure(SystemError(code: errno)) : .success(LogDescriptor(descriptor))
    }

    private static func system(_ path: String, _ flags: CInt) -> CInt {
        unsafe path.withCString { name in
            var result = unsafe open(name, flags, 0o644)
            while result < 0, errno == EINTR { result = unsafe open(name, flags, 0o644) }
            return result
        }
    }

    /// A standard stream may be a socket, which cannot be opened by a path.
    private static func duplicate(_ standard: CInt) -> Result<LogDescriptor, SystemError> {
        let descriptor = fcntl(standard, F_DUPFD_CLOEXEC, 3)
        return descriptor < 0 ? .failure(SystemError(code: errno)) : .success(LogDescriptor(descriptor))
    }

    /// Most bytes of one write: so many that a pipe that is said to be ready takes them without waiting.
    private static let mostBytes = 4096

    /// Writes some of the bytes from `start` on.
    ///
    /// - Parameter patience: Longest wait for a reader, in milliseconds.
    func append(_ bytes: [UInt8], from start: Int, patience: CInt) -> Outcome {
        guard isReady(patience) else { return .isFull }
        let count = min(bytes.count - start, isRegular ? bytes.count : Self.mostBytes)
        let result = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(descriptor, buffer.baseAddress?.advanced(by: start), count)
        }
        if result >= 0 { return .wrote(result) }
        switch errno {
        case EINTR: return .wrote(0)
        case EAGAIN, EWOULDBLOCK: return .isFull
        case let code: return .failed(code)
        }
    }

    private func isReady(_ patience: CInt) -> Bool {
        if isRegular { return true }
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&request, 1, patience) != 0
    }
}

/// A system call's error number.
struct SystemError: Error, Equatable {
    let code: CInt

    var text: String { SystemErrorText.text(code) }
}

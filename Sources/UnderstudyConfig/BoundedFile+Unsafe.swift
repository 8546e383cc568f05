// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Reading that stops at a bound whatever the path turns out to be: a device, a pipe, a file that grows. Unsafe because
// `read` writes into memory that it is given, and the reason of a failure is C's text.

internal import Glibc

/// What a path leads to, up to a number of bytes.
enum BoundedFile {
    /// With the system's reason.
    enum Failure: Error {
        case notOpened(String)
        case notRead(String)
    }

    private static func reason(_ code: CInt) -> String {
        let text = unsafe String(cString: strerror(code))
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// The first `limit` bytes, or all if there are fewer.
    static func read(_ path: String, upTo limit: Int) -> Result<[UInt8], Failure> {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(.notOpened(reason(errno))) }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let piece = min(limit - bytes.count, 1 << 16)
            var count = 0
            let read = unsafe [UInt8](unsafeUninitializedCapacity: piece) { buffer, initialized in
                repeat {
                    count = unsafe Glibc.read(descriptor, buffer.baseAddress, piece)
                } while count < 0 && errno == EINTR
                initialized = max(count, 0)
            }
            guard count >= 0 else { return .failure(.notRead(reason(errno))) }
            guard count > 0 else { break }
            bytes += read
        }
        return .success(bytes)
    }
}

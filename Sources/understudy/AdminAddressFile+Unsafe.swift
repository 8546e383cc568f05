// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The system call behind `AdminAddressFile`.
//
// Unsafe because it takes a C string, which lives as long as the call.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension AdminAddressFile {
    /// An empty file; negative with `errno` if that fails.
    static func openForWriting(_ path: String) -> CInt {
        unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
}

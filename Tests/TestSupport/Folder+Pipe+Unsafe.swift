// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Named pipes for tests. Unsafe because the C call takes the path as a pointer, which Swift passes for the call only.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension Folder {
    /// Makes a FIFO.
    ///
    /// - Returns: Its path; `nil` if the system refused.
    package func pipe(_ name: String) -> String? {
        let path = path(name)
        return unsafe mkfifo(path, 0o600) == 0 ? path : nil
    }
}

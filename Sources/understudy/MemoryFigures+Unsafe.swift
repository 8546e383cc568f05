// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much memory the process has.
//
// Unsafe because a file is read into a buffer that lives for the length of the call.

internal import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum MemoryFigures {
    /// What the system does not tell is zero.
    static func current() -> MemoryStatus {
        let pages = pages()
        let size = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
        var status = MemoryStatus()
        guard pages.count > 5 else { return status }
        status.resident = pages[1] * size
        // What it shares with no file: nearest to what was allocated that the system tells.
        status.allocated = (pages[1] - min(pages[1], pages[2])) * size
        status.heapSize = pages[5] * size
        return status
    }

    /// The numbers of `/proc/self/statm`.
    private static func pages() -> [UInt64] {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return [] }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.split { $0 == " " || $0 == "\n" }.map { UInt64($0) ?? 0 }
    }
}

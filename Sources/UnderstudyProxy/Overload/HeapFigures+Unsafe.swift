// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the allocator has given out, and how it is asked to give back the rest.
//
// Unsafe because a file is read into a buffer that lives for the length of the call.

internal import CAllocator

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// - Source: Envoy's fixed heap monitor, which counts what its allocator has from the system without what is free in it.
enum HeapFigures {
    /// Bytes in use.
    ///
    /// With glibc what was asked of the allocator and not given back. Not the resident memory: the allocator keeps what
    /// is free for the next load, and a pressure that stays up after the load has gone would refuse requests for ever.
    /// Where the library does not tell, it is the resident memory without what is shared with files.
    static func bytesInUse() -> UInt64 {
        let bytes = allocator_bytes_in_use()
        return bytes > 0 ? bytes : privateBytes()
    }

    /// Gives free memory back to the system, where the library can.
    static func giveBack() { allocator_give_back() }

    private static func privateBytes() -> UInt64 {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return 0 }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        let pages = text.split { $0 == " " || $0 == "\n" }.map { UInt64($0) ?? 0 }
        guard pages.count > 2, pages[1] > pages[2] else { return 0 }
        return (pages[1] - pages[2]) * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The machine's own name.
//
// Unsafe because `gethostname` fills a C buffer, whose last byte is kept zero.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum MachineName {
    /// Empty if the system does not tell.
    static func current() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

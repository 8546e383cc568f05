// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A compiled RE2 expression. Swift's own `Regex` backtracks, and a route table may not be slow on any path.
//
// Unsafe because it owns a C object. The pointer is made in `init`, never changes, and is freed once in `deinit`;
// RE2 promises that matching is thread-safe.

import CRE2

package struct RegexPattern: Sendable, Equatable {
    package let source: String
    private let compiled: Compiled

    /// - Throws:
    ///
    /// `Invalid` with RE2's own reason.
    package init(_ source: String) throws(Invalid) {
        self.source = source
        self.compiled = try Compiled(source)
    }

    package struct Invalid: Error, Equatable {
        package let reason: String
    }

    package func matchesWhole(_ text: Span<UInt8>) -> Bool {
        unsafe text.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe cre2_full_match(compiled.pattern, characters.baseAddress, characters.count)
            }
        }
    }

    package static func == (left: RegexPattern, right: RegexPattern) -> Bool {
        left.source == right.source
    }

    /// Safe to share: immutable after `init`, and RE2 matches concurrently without locks of ours.
    @safe private final class Compiled: @unchecked Sendable {
        let pattern: OpaquePointer

        init(_ source: String) throws(Invalid) {
            let text = source.utf8.map { CChar(bitPattern: $0) }
            var reason = [CChar](repeating: 0, count: 256)
            let compiled: OpaquePointer? = unsafe text.withUnsafeBufferPointer { characters in
                unsafe reason.withUnsafeMutableBufferPointer { out in
                    unsafe cre2_compile(characters.baseAddress, characters.count, out.baseAddress, out.count)
                }
            }
            guard let pattern = unsafe compiled else {
                let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                throw Invalid(reason: String(decoding: bytes, as: UTF8.self))
            }
            unsafe self.pattern = pattern
        }

        deinit {
            unsafe cre2_free(pattern)
        }
    }
}

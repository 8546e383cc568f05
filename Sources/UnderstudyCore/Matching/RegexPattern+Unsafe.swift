// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A compiled RE2 expression. Swift's own `Regex` backtracks, and a route table may not be slow on any path.
//
// Unsafe because it owns a C object. The pointer is made in `init`, never changes, and is freed once in `deinit`;
// RE2 promises that matching is thread-safe.

import CRE2

public struct RegexPattern: Sendable, Equatable {
    public let source: String
    private let compiled: Compiled

    /// Bytes of the longest text that a replacement may make; more than any head can hold.
    public static let longestReplacement = 1 << 20

    /// - Throws:
    ///
    /// `Invalid` with RE2's own reason.
    public init(_ source: String) throws(Invalid) {
        self.source = source
        self.compiled = try Compiled(source)
    }

    public struct Invalid: Error, Equatable {
        public let reason: String
    }

    public func matchesWhole(_ text: Span<UInt8>) -> Bool {
        unsafe text.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe cre2_full_match(compiled.pattern, characters.baseAddress, characters.count)
            }
        }
    }

    public func matchesPart(of text: Span<UInt8>) -> Bool {
        unsafe text.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe cre2_partial_match(compiled.pattern, characters.baseAddress, characters.count)
            }
        }
    }

    /// The text with every match replaced.
    ///
    /// - Parameter substitution: RE2's notation; one that names a group which does not exist changes nothing.
    /// - Returns: `nil` if the result is longer than `longestReplacement`.
    public func replacingAll(in text: Span<UInt8>, with substitution: [UInt8]) -> [UInt8]? {
        let guess = text.count + substitution.count + 64
        let (result, length) = replace(in: text, with: substitution, capacity: guess)
        guard length <= Self.longestReplacement else { return nil }
        return length <= guess ? result : replace(in: text, with: substitution, capacity: length).result
    }

    /// - Returns: The first `capacity` bytes of the result, and how many it has.
    private func replace(
        in text: Span<UInt8>,
        with substitution: [UInt8],
        capacity: Int
    ) -> (result: [UInt8], length: Int) {
        var result = [CChar](repeating: 0, count: capacity)
        let length = unsafe text.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe substitution.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { rewrite in
                    unsafe result.withUnsafeMutableBufferPointer { out in
                        unsafe cre2_replace_all(
                            compiled.pattern,
                            characters.baseAddress,
                            characters.count,
                            rewrite.baseAddress,
                            rewrite.count,
                            out.baseAddress,
                            out.count,
                            Self.longestReplacement
                        )
                    }
                }
            }
        }
        // SIZE_MAX says that the result is too long, and is negative here, where sizes have a sign.
        let known = length < 0 ? Int.max : length
        return (result.prefix(min(known, capacity)).map { UInt8(bitPattern: $0) }, known)
    }

    /// What RE2 has against a substitution; `nil` if it is a good one.
    public func fault(inSubstitution substitution: String) -> String? {
        let text = substitution.utf8.map { CChar(bitPattern: $0) }
        var reason = [CChar](repeating: 0, count: 256)
        let isGood = unsafe text.withUnsafeBufferPointer { characters in
            unsafe reason.withUnsafeMutableBufferPointer { out in
                unsafe cre2_check_rewrite(
                    compiled.pattern,
                    characters.baseAddress,
                    characters.count,
                    out.baseAddress,
                    out.count
                )
            }
        }
        return isGood ? nil : Self.text(reason)
    }

    private static func text(_ reason: [CChar]) -> String {
        String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    public static func == (left: RegexPattern, right: RegexPattern) -> Bool {
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
            guard let pattern = unsafe compiled else { throw Invalid(reason: RegexPattern.text(reason)) }
            unsafe self.pattern = pattern
        }

        deinit {
            unsafe cre2_free(pattern)
        }
    }
}

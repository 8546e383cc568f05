// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header names as a peer wrote them, for the rare listener or cluster that has to keep their case.

/// The names of one received head, in the case in which they arrived.
///
/// A name that arrived in several cases keeps the first one.
///
/// - Source: measured on Envoy 1.40 with its `preserve_case` formatter.
public struct OriginalNames: Sendable, Equatable {
    /// The names, each followed by a line feed, which no name contains.
    private var bytes: [UInt8] = []

    public init() {}

    public mutating func add(_ name: Span<UInt8>) {
        bytes.append(copying: name)
        bytes.append(0x0A)
    }

    /// The lower-case name as it arrived, or `nil` if it did not.
    public func original(of lower: Span<UInt8>) -> [UInt8]? {
        var start = 0
        while start < bytes.count {
            var end = start
            while bytes[end] != 0x0A { end += 1 }
            if end - start == lower.count, matches(lower, at: start) { return Array(bytes[start..<end]) }
            start = end + 1
        }
        return nil
    }

    private func matches(_ lower: Span<UInt8>, at start: Int) -> Bool {
        for offset in 0..<lower.count where HeaderToken.lowercased(bytes[start + offset]) != lower[offset] {
            return false
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bytes that a check waits for.

public enum PayloadMatch {
    /// Whether all segments are in the bytes, one behind the other, with anything between them.
    ///
    /// - Source: Envoy `HealthCheck.Payload`.
    public static func matches(_ segments: [[UInt8]], in bytes: [UInt8]) -> Bool {
        let bytes = bytes.span
        var start = 0
        for segment in segments {
            guard let found = firstIndex(of: segment, in: bytes, from: start) else { return false }
            start = found + segment.count
        }
        return true
    }

    private static func firstIndex(of segment: [UInt8], in bytes: Span<UInt8>, from start: Int) -> Int? {
        guard bytes.count - start >= segment.count else { return nil }
        for offset in start...bytes.count - segment.count
        where ByteScan.equals(bytes, offset..<offset + segment.count, segment) {
            return offset
        }
        return nil
    }
}

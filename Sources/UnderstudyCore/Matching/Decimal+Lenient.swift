// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers in header values that are no part of the message's syntax, read as generously as Envoy reads them.

extension Decimal {
    /// The number, with blanks around it and a plus before it allowed; `nil` for anything else.
    public static func lenientUnsigned(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        let (isNegative, magnitude) = lenient(bytes, range) ?? (true, 0)
        return isNegative ? nil : magnitude
    }

    /// The number, with blanks around it and a sign before it allowed; `nil` for anything else.
    public static func lenientSigned(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        guard let (isNegative, magnitude) = lenient(bytes, range) else { return nil }
        guard isNegative else { return Int64(exactly: magnitude) }
        if magnitude == Int64.min.magnitude { return Int64.min }
        return Int64(exactly: magnitude).map { -$0 }
    }

    private static func lenient(_ bytes: Span<UInt8>, _ range: Range<Int>) -> (isNegative: Bool, magnitude: UInt64)? {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while start < end, isBlank(bytes[end - 1]) { end -= 1 }
        guard start < end else { return nil }
        let isNegative = bytes[start] == 0x2D
        if isNegative || bytes[start] == 0x2B { start += 1 }
        guard start < end else { return nil }
        var value: UInt64 = 0
        for offset in start..<end {
            let digit = bytes[offset] &- 0x30
            guard digit <= 9 else { return nil }
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return (isNegative, value)
    }

    /// Space, tab, line feed, vertical tab, form feed, carriage return.
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

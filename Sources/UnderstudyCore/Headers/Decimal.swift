// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers as they stand in heads: digits only, nothing else.

public enum Decimal {
    /// The number that the digits spell, or `nil` if there is none, any other byte, or more than fits.
    ///
    /// - Source: RFC 9110 section 8.6: `Content-Length = 1*DIGIT`, and the warning there about overflow.
    public static func parse(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.upperBound <= bytes.count else { return nil }
        var value = 0
        for offset in range {
            let digit = bytes[offset] &- 0x30
            guard digit <= 9 else { return nil }
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}

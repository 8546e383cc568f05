// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Moments as protobuf writes them in JSON.

internal import UnderstudyHTTP

enum AdminTime {
    /// `2026-11-24T22:51:50Z`.
    ///
    /// - Parameter seconds: Since 1970; negative is 0.
    static func text(_ seconds: Int64) -> String {
        let time = HTTPDate.components(secondsSince1970: Int(max(0, seconds)))
        return "\(padded(time.year, 4))-\(padded(time.month))-\(padded(time.day))"
            + "T\(padded(time.hour)):\(padded(time.minute)):\(padded(time.second))Z"
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

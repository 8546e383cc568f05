// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Times as people read them in logs.

internal import UnderstudyHTTP

enum Timestamp {
    /// `23/Nov/2026 16:47:27`, UTC, as the seed's services write it.
    static func accessLog(secondsSince1970 seconds: Int) -> String {
        let time = HTTPDate.components(secondsSince1970: seconds)
        return
            "\(pad(time.day))/\(time.monthName)/\(time.year) \(pad(time.hour)):\(pad(time.minute)):\(pad(time.second))"
    }

    private static func pad(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

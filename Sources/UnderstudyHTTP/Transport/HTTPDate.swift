// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The `date` header, made once a second.

internal import UnderstudyCore

public enum HTTPDate {
    private static let days: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// A moment taken apart, UTC.
    public struct Components: Equatable, Sendable {
        public let year: Int
        /// 1 to 12.
        public let month: Int
        public let day: Int
        public let hour: Int
        public let minute: Int
        public let second: Int

        /// Three letters.
        public var monthName: String { String(describing: months[month - 1]) }
    }

    /// - Parameter seconds: Since the first of January 1970, UTC; not negative.
    public static func components(secondsSince1970 seconds: Int) -> Components {
        let (year, month, day) = civil(seconds / 86_400)
        let rest = seconds % 86_400
        return Components(
            year: year,
            month: month,
            day: day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60
        )
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, 29 bytes.
    ///
    /// - Parameter seconds: Since the first of January 1970, UTC; not negative.
    /// - Source: RFC 9110 section 5.6.7, IMF-fixdate.
    public static func bytes(secondsSince1970 seconds: Int) -> [UInt8] {
        let time = components(secondsSince1970: seconds)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        text.append(literal: days[seconds / 86_400 % 7])
        text.append(literal: ", ")
        append(&text, time.day)
        text.append(literal: " ")
        text.append(literal: months[time.month - 1])
        text.append(literal: " ")
        text.append(decimal: time.year)
        text.append(literal: " ")
        append(&text, time.hour)
        text.append(literal: ":")
        append(&text, time.minute)
        text.append(literal: ":")
        append(&text, time.second)
        text.append(literal: " GMT")
        return text
    }

    private static func append(_ text: inout [UInt8], _ value: Int) {
        if value < 10 { text.append(0x30) }
        text.append(decimal: value)
    }

    /// Year, month and day of a day number, by counting eras of 400 years that begin in March.
    private static func civil(_ dayNumber: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = dayNumber + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

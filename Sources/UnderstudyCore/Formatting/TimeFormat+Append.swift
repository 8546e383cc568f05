// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Points in time as text.

extension TimeFormat {
    /// Writes the time.
    ///
    /// - Parameter nanoseconds: Since 1970.
    func append(nanoseconds: Int64, zone: LocalZone = LocalZone(), to bytes: inout [UInt8]) {
        append(CalendarTime(nanoseconds: nanoseconds, zone: zone), to: &bytes)
    }

    /// Writes a time that may lie as far from 1970 as certificates can say.
    ///
    /// - Parameter seconds: Since 1970; what is beyond the year 9999 is its end (RFC 5280 section 4.1.2.5).
    func append(seconds: Int64, to bytes: inout [UInt8]) {
        let seconds = min(max(seconds, -62_135_596_800), 253_402_300_799)
        append(CalendarTime(seconds: Int(seconds), nanosecond: 0, zone: LocalZone()), to: &bytes)
    }

    private func append(_ time: CalendarTime, to bytes: inout [UInt8]) {
        for part in parts {
            switch part {
            case .literal(let text): bytes.append(contentsOf: text)
            case .conversion(let letter): time.append(letter, to: &bytes)
            case .unixSeconds: bytes.append(decimal: time.unixSeconds)
            case .fraction(let digits): bytes.append(time.fraction.prefix(digits))
            case .seconds(let digits?):
                bytes.append(time.second, width: 2)
                if digits > 0 { bytes.append(0x2E) }
                bytes.append(time.fraction.prefix(digits))
            case .seconds(nil):
                bytes.append(time.second, width: 2)
                guard time.nanosecond > 0 else { continue }
                bytes.append(0x2E)
                bytes.append(time.shortFraction)
            case .zoneOffset: time.append(offsetTo: &bytes, separator: true)
            case .shortFraction: bytes.append(time.shortFraction)
            }
        }
    }
}

extension [UInt8] {
    /// The default format: `2026-11-24T22:56:33.729Z`.
    mutating func append(standardTime nanoseconds: Int64) {
        let time = CalendarTime(nanoseconds: nanoseconds)
        append(decimal: time.year)
        append(0x2D)
        append(time.month, width: 2)
        append(0x2D)
        append(time.day, width: 2)
        append(0x54)
        append(time.hour, width: 2)
        append(0x3A)
        append(time.minute, width: 2)
        append(0x3A)
        append(time.second, width: 2)
        append(0x2E)
        append(time.nanosecond / 1_000_000, width: 3)
        append(0x5A)
    }
}

/// A point in time by the calendar.
struct CalendarTime {
    let zone: LocalZone
    let unixSeconds: Int
    let year, month, day, hour, minute, second, nanosecond: Int
    /// 0 for Sunday.
    let weekday: Int
    /// 0 for the first of January.
    let yearday: Int

    init(nanoseconds: Int64, zone: LocalZone = LocalZone()) {
        let (seconds, rest) = Self.divide(Int(nanoseconds), by: 1_000_000_000)
        self.init(seconds: seconds, nanosecond: rest, zone: zone)
    }

    /// Source: the days-from-civil algorithm, for the proleptic Gregorian calendar.
    init(seconds: Int, nanosecond: Int, zone: LocalZone) {
        self.zone = zone
        self.nanosecond = nanosecond
        let (days, time) = Self.divide(seconds + zone.offset, by: 86_400)
        unixSeconds = seconds
        (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
        weekday = Self.divide(days + 4, by: 7).remainder
        // Years that begin in March, so that the day of a leap year is the last.
        let (era, dayOfEra) = Self.divide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let leapDay = Self.isLeap(year) ? 1 : 0
        yearday = month <= 2 ? dayOfYear - 306 : dayOfYear + 59 + leapDay
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// Rounds down, so that the remainder is never negative.
    private static func divide(_ value: Int, by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// Nine digits.
    var fraction: [UInt8] {
        var digits: [UInt8] = []
        digits.append(nanosecond, width: 9)
        return digits
    }

    /// Without the zeros at the end, but with one digit.
    var shortFraction: ArraySlice<UInt8> {
        let fraction = fraction
        let last = fraction.lastIndex { $0 != 0x30 } ?? 0
        return fraction[...last]
    }

    /// Year and number of the week that begins on Monday and holds the year's first Thursday (ISO 8601).
    private var week: (year: Int, number: Int) {
        let fromMonday = (weekday + 6) % 7
        let number = (yearday - fromMonday + 10) / 7
        if number < 1 {
            let last = Self.isLeap(year - 1) ? 366 : 365
            return (year - 1, (yearday + last - fromMonday + 10) / 7)
        }
        let length = Self.isLeap(year) ? 366 : 365
        // The rest of the year has too few days of the week for a Thursday.
        return number == 53 && length - yearday <= 3 - fromMonday ? (year + 1, 1) : (year, number)
    }

    /// Writes one conversion of strftime, as in the C locale.
    func append(_ letter: UInt8, to bytes: inout [UInt8]) {
        switch letter {
        case UInt8(ascii: "Y"): bytes.append(decimal: year)
        case UInt8(ascii: "C"): bytes.append(year / 100, width: 2)
        case UInt8(ascii: "y"): bytes.append(year % 100, width: 2)
        case UInt8(ascii: "m"): bytes.append(month, width: 2)
        case UInt8(ascii: "d"): bytes.append(day, width: 2)
        case UInt8(ascii: "e"): bytes.append(day, width: 2, filler: 0x20)
        case UInt8(ascii: "j"): bytes.append(yearday + 1, width: 3)
        case UInt8(ascii: "H"): bytes.append(hour, width: 2)
        case UInt8(ascii: "k"): bytes.append(hour, width: 2, filler: 0x20)
        case UInt8(ascii: "I"): bytes.append(hourOfTwelve, width: 2)
        case UInt8(ascii: "l"): bytes.append(hourOfTwelve, width: 2, filler: 0x20)
        case UInt8(ascii: "M"): bytes.append(minute, width: 2)
        case UInt8(ascii: "S"): bytes.append(second, width: 2)
        case UInt8(ascii: "p"): bytes.append(literal: hour < 12 ? "AM" : "PM")
        case UInt8(ascii: "P"): bytes.append(literal: hour < 12 ? "am" : "pm")
        case UInt8(ascii: "Z"): bytes.append(contentsOf: zone.name)
        case UInt8(ascii: "z"): append(offsetTo: &bytes, separator: false)
        case UInt8(ascii: "t"): bytes.append(0x09)
        default: appendName(letter, to: &bytes)
        }
    }

    /// Writes `+0530`, or with a separator `+05:30`.
    fileprivate func append(offsetTo bytes: inout [UInt8], separator: Bool) {
        bytes.append(zone.offset < 0 ? 0x2D : 0x2B)
        let minutes = Int(zone.offset.magnitude) / 60
        bytes.append(minutes / 60, width: 2)
        if separator { bytes.append(0x3A) }
        bytes.append(minutes % 60, width: 2)
    }

    private var hourOfTwelve: Int { (hour + 11) % 12 + 1 }

    private func appendName(_ letter: UInt8, to bytes: inout [UInt8]) {
        switch letter {
        case UInt8(ascii: "a"): bytes.append(contentsOf: Self.weekdays[weekday].utf8.prefix(3))
        case UInt8(ascii: "A"): bytes.append(contentsOf: Self.weekdays[weekday].utf8)
        case UInt8(ascii: "b"), UInt8(ascii: "h"): bytes.append(contentsOf: Self.months[month - 1].utf8.prefix(3))
        case UInt8(ascii: "B"): bytes.append(contentsOf: Self.months[month - 1].utf8)
        case UInt8(ascii: "u"): bytes.append(decimal: (weekday + 6) % 7 + 1)
        case UInt8(ascii: "w"): bytes.append(decimal: weekday)
        case UInt8(ascii: "U"): bytes.append((yearday + 7 - weekday) / 7, width: 2)
        case UInt8(ascii: "W"): bytes.append((yearday + 7 - (weekday + 6) % 7) / 7, width: 2)
        case UInt8(ascii: "V"): bytes.append(week.number, width: 2)
        case UInt8(ascii: "G"): bytes.append(decimal: week.year)
        case UInt8(ascii: "g"): bytes.append(week.year % 100, width: 2)
        case UInt8(ascii: "c"): append("abeTY", separator: 0x20, to: &bytes)
        case UInt8(ascii: "D"), UInt8(ascii: "x"): append("mdy", separator: 0x2F, to: &bytes)
        case UInt8(ascii: "F"): append("Ymd", separator: 0x2D, to: &bytes)
        case UInt8(ascii: "T"), UInt8(ascii: "X"): append("HMS", separator: 0x3A, to: &bytes)
        case UInt8(ascii: "R"): append("HM", separator: 0x3A, to: &bytes)
        case UInt8(ascii: "r"):
            append("IMS", separator: 0x3A, to: &bytes)
            bytes.append(0x20)
            append(UInt8(ascii: "p"), to: &bytes)
        default: break
        }
    }

    private func append(_ letters: String, separator: UInt8, to bytes: inout [UInt8]) {
        for (index, letter) in letters.utf8.enumerated() {
            if index > 0 { bytes.append(separator) }
            append(letter, to: &bytes)
        }
    }

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}

extension [UInt8] {
    /// At least so many digits; the value is not negative.
    fileprivate mutating func append(_ value: Int, width: Int, filler: UInt8 = 0x30) {
        var power = 10
        for _ in 1..<width {
            if value < power { append(filler) }
            power *= 10
        }
        // The fillers went before the digits: as many as powers were above the value.
        append(decimal: value)
    }

    fileprivate mutating func append(_ digits: ArraySlice<UInt8>) {
        append(contentsOf: digits)
    }
}

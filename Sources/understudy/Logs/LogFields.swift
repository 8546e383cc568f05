// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the letters of a log format stand for.

internal import Logging
internal import UnderstudyCore
internal import UnderstudyHTTP

enum LogFields {
    static func text(_ letter: Character, _ record: LogRecord) -> String {
        switch letter {
        case "v", "_": record.text
        case "j": String(IndentedJSON.quoted(record.text).dropFirst().dropLast())
        case "n": record.component
        case "l": record.level.rawValue
        case "L": record.level.rawValue.prefix(1).uppercased()
        case "t": "\(record.thread)"
        case "P": "\(record.process)"
        case "g": record.file
        case "s": String(record.file.split(separator: "/").last ?? "")
        case "#": "\(record.line)"
        case "!": record.function
        case "@": "\(record.file):\(record.line)"
        case "%": "%"
        case "^", "$": ""
        case "+":
            "[\(moment("Y", record))-\(moment("m", record))-\(moment("d", record)) \(moment("T", record))."
                + "\(moment("e", record))] [\(record.component)] [\(record.level.rawValue)] \(record.text)"
        default: moment(letter, record)
        }
    }

    /// - Parameter letter: Of `strftime`, besides `e`, `f`, `F` and `E`: milliseconds, microseconds, nanoseconds of
    ///   the second, seconds since 1970.
    private static func moment(_ letter: Character, _ record: LogRecord) -> String {
        let nanoseconds = max(0, record.time)
        let seconds = Int(nanoseconds / 1_000_000_000)
        let rest = Int(nanoseconds % 1_000_000_000)
        let time = HTTPDate.components(secondsSince1970: seconds)
        switch letter {
        case "e": return padded(rest / 1_000_000, 3)
        case "f": return padded(rest / 1000, 6)
        case "F": return padded(rest, 9)
        case "E": return "\(seconds)"
        case "z": return "+00:00"
        default: return date(letter, time, seconds) ?? clock(letter, time)
        }
    }

    private static func date(_ letter: Character, _ time: HTTPDate.Components, _ seconds: Int) -> String? {
        let weekday = weekdays[seconds / 86_400 % 7]
        let month = months[time.month - 1]
        switch letter {
        case "Y": return padded(time.year, 4)
        case "C", "y": return padded(time.year % 100)
        case "m": return padded(time.month)
        case "d": return padded(time.day)
        case "D", "x": return "\(padded(time.month))/\(padded(time.day))/\(padded(time.year % 100))"
        case "a": return String(weekday.prefix(3))
        case "A": return weekday
        case "b", "h": return String(month.prefix(3))
        case "B": return month
        case "c": return "\(weekday.prefix(3)) \(month.prefix(3)) \(time.day) \(clock("T", time)) \(time.year)"
        default: return nil
        }
    }

    private static func clock(_ letter: Character, _ time: HTTPDate.Components) -> String {
        let hour = time.hour % 12 == 0 ? 12 : time.hour % 12
        let half = time.hour < 12 ? "AM" : "PM"
        switch letter {
        case "H": return padded(time.hour)
        case "I": return padded(hour)
        case "M": return padded(time.minute)
        case "S": return padded(time.second)
        case "p": return half
        case "R": return "\(padded(time.hour)):\(padded(time.minute))"
        case "r": return "\(padded(hour)):\(padded(time.minute)):\(padded(time.second)) \(half)"
        default: return "\(padded(time.hour)):\(padded(time.minute)):\(padded(time.second))"
        }
    }

    private static let weekdays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

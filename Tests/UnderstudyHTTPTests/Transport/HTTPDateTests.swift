// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The date header, checked against a calendar that counts days one by one.

import Testing
import UnderstudyHTTP

struct HTTPDateTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        (1_234_567_890, "Fri, 13 Feb 2009 23:31:30 GMT"),
        (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        (2_147_483_648, "Tue, 19 Jan 2038 03:14:08 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func `a moment has one text of 29 bytes`(seconds: Int, text: String) {
        let bytes = HTTPDate.bytes(secondsSince1970: seconds)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        #expect(bytes.count == 29)
    }

    @Test func `every day from 1970 to 2400 is the one after the day before`() {
        func daysIn(_ month: Int, _ year: Int) -> Int {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        }
        var (year, month, day, number) = (1970, 1, 1, 0)
        var wrong: [String] = []
        while year <= 2400 {
            let found = HTTPDate.components(secondsSince1970: number * 86_400 + 86_399)
            if (found.year, found.month, found.day) != (year, month, day) { wrong.append("\(year)-\(month)-\(day)") }
            number += 1
            day += 1
            if day > daysIn(month, year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong == [])
    }

    @Test func `a moment is taken apart and named`() {
        let parts = HTTPDate.components(secondsSince1970: 784_111_777)
        #expect(
            [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second] == [1994, 11, 6, 8, 49, 37]
        )
        #expect(parts.monthName == "Nov")
    }
}

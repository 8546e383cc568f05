// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The identifier of a request is a version 4 UUID whatever the dice say.

import TestSupport
import Testing
import UnderstudyCore

struct RequestIDTests {
    private func text(_ first: UInt64, _ second: UInt64) -> String {
        var bytes = Array("id ".utf8)
        RequestID(first, second).append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        arguments: [
            (0, 0, "id 00000000-0000-4000-8000-000000000000"),
            (.max, .max, "id ffffffff-ffff-4fff-bfff-ffffffffffff"),
            (0x0123_4567_89AB_CDEF, 0x0123_4567_89AB_CDEF, "id 01234567-89ab-4def-8123-456789abcdef"),
            (0xFEDC_BA98_7654_3210, 0xC000_0000_0000_0001, "id fedcba98-7654-4210-8000-000000000001"),
        ] as [(UInt64, UInt64, String)]
    )
    func `two numbers make one text`(first: UInt64, second: UInt64, expected: String) {
        #expect(text(first, second) == expected)
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `version and variant are always right`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let identifier = Array(text(dice.next(), dice.next()).dropFirst(3))
            #expect(identifier.count == 36)
            #expect(identifier.indices.filter { identifier[$0] == "-" } == [8, 13, 18, 23])
            #expect(identifier[14] == "4")
            #expect(["8", "9", "a", "b"].contains(identifier[19]))
            #expect(identifier.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase })
        }
    }
}

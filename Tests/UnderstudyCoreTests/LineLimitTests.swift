// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many lines of one kind are written.

import Testing
import UnderstudyCore

struct LineLimitTests {
    @Test func `lines beyond the limit are held back and counted with the next`() {
        var limit = LineLimit(lines: 2, interval: .seconds(60))
        #expect(limit.admit(at: .seconds(0)) == 0)
        #expect(limit.admit(at: .seconds(1)) == 0)
        #expect(limit.admit(at: .seconds(2)) == nil)
        #expect(limit.admit(at: .seconds(59)) == nil)
        #expect(limit.admit(at: .seconds(60)) == 2)
        #expect(limit.admit(at: .seconds(61)) == 0)
        #expect(limit.admit(at: .seconds(62)) == nil)
        #expect(limit.admit(at: .seconds(500)) == 1)
    }

    @Test func `a limit lets one line through at least`() {
        var limit = LineLimit(lines: 0, interval: .seconds(1))
        #expect(limit.admit(at: .zero) == 0)
        #expect(limit.admit(at: .zero) == nil)
    }
}

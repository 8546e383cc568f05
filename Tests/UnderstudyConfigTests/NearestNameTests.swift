// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// "Did you mean": what is offered, and when nothing is.

import Testing

@testable import UnderstudyConfig

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("stat_prefx", "stat_prefix"), ("statprefix", "stat_prefix"), ("Stat_Prefix", "stat_prefix"),
        ("tsat_prefix", "stat_prefix"),
        ("clutser", "cluster"), ("clusters", "cluster"), ("nmae", "name"),
    ])
    func `a slip of the pen is recognised`(written: String, meant: String) {
        #expect(nearestName(to: written, among: ["cluster", "name", "route", "stat_prefix"]) == meant)
    }

    @Test(arguments: ["", "x", "foo", "timeout", "stat", "routers_and_more"])
    func `something else is not`(written: String) {
        #expect(nearestName(to: written, among: ["cluster", "name", "stat_prefix"]) == nil)
    }

    @Test func `text of any length is no work`() {
        #expect(nearestName(to: String(repeating: "a", count: 1_000_000), among: ["a"]) == nil)
    }
}

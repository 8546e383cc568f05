// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Connections are bounded for all loops together, so the bound must hold when they all ask at once.

import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ConnectionLimitTests {
    @Test func `no more than the maximum are given out, and freed ones again`() {
        let limit = ConnectionLimit(maximum: 2)
        #expect([limit.reserve(), limit.reserve(), limit.reserve()] == [true, true, false])
        #expect(limit.current == 2)
        limit.free()
        #expect(limit.current == 1)
        #expect([limit.reserve(), limit.reserve()] == [true, false])
    }

    @Test func `a maximum of zero gives out nothing, and the default is 1,024`() {
        #expect(!ConnectionLimit(maximum: 0).reserve())
        #expect(ConnectionLimit().maximum == 1_024)
    }

    @Test func `a refusal costs nobody a place`() {
        let limit = ConnectionLimit(maximum: 1)
        _ = limit.reserve()
        for _ in 0..<100 { _ = limit.reserve() }
        #expect(limit.current == 1)
        limit.free()
        #expect(limit.reserve())
    }

    @Test func `the bound holds when many ask at once`() async {
        let limit = ConnectionLimit(maximum: 10)
        let most = Gauge()
        let tooMany = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 where limit.reserve() {
                        if most.add(1) > 10 { tooMany.add() }
                        most.add(-1)
                        limit.free()
                    }
                }
            }
        }
        #expect(tooMany.current == 0)
        #expect(limit.current == 0)
    }
}

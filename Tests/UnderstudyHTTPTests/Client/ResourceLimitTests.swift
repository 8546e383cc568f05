// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Upstreams are used within bounds for all loops together, so the bound must hold when they all ask at once.

import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct ResourceLimitTests {
    @Test func `no more than the maximum are given out, and freed ones again`() {
        let limit = ResourceLimit(2)
        #expect([limit.reserve(), limit.reserve(), limit.reserve()] == [true, true, false])
        #expect(limit.current == 2)
        limit.free()
        #expect(limit.current == 1)
        #expect([limit.reserve(), limit.reserve()] == [true, false])
    }

    @Test func `a maximum of zero gives out nothing, and the defaults are Envoy's`() {
        #expect(!ResourceLimit(0).reserve())
        let limits = UpstreamLimits()
        #expect([limits.connections, limits.pending, limits.requests].map(\.maximum) == [1_024, 1_024, 1_024])
        #expect(limits.retries.maximum == 3)
    }

    @Test func `a refusal costs nobody a place`() {
        let limit = ResourceLimit(1)
        _ = limit.reserve()
        for _ in 0..<100 { _ = limit.reserve() }
        #expect(limit.current == 1)
        limit.free()
        #expect(limit.reserve())
    }

    @Test func `the bound holds when many ask at once`() async {
        let limit = ResourceLimit(10)
        let most = Gauge()
        let tooMany = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 where limit.reserve() {
                        if most.adding(1) > 10 { tooMany.add() }
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

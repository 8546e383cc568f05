// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An event that was on its way when its socket was closed reaches nobody, above all not the next one.

#if os(Linux)
import Testing

@testable import UnderstudyHTTP

@Suite struct SocketSlotsTests {
    private final class Source: EpollSource {
        func happened(_ events: EpollEvents) {}
        func revisited() {}
        func loopEnded() {}
    }

    @Test func `a token finds its source until that is removed, and no other afterwards`() {
        var slots = SocketSlots()
        let (first, second, third) = (Source(), Source(), Source())
        let token = slots.insert(first)
        let other = slots.insert(second)
        #expect(slots[token] === first && slots[other] === second)
        slots.remove(token)
        #expect(slots[token] == nil)
        let next = slots.insert(third)
        // It is in the same place.
        #expect(next & 0xFFFF_FFFF == token & 0xFFFF_FFFF)
        #expect(slots[token] == nil)
        #expect(slots[next] === third && slots[other] === second)
        #expect(slots.all.count == 2)
    }

    @Test func `a place that is used again and again has another token each time`() {
        var slots = SocketSlots()
        var tokens: Set<UInt64> = []
        for _ in 0..<1000 {
            let token = slots.insert(Source())
            tokens.insert(token)
            slots.remove(token)
        }
        #expect(tokens.count == 1000)
        #expect(tokens.allSatisfy { slots[$0] == nil })
    }

    @Test func `a token that nobody was given finds nobody`() {
        #expect(SocketSlots()[7] == nil)
    }
}
#endif

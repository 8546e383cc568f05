// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random walks over many pools that share limits: nothing is counted twice, nothing is forgotten, nobody waits for ever.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct PoolWalkTests {
    private final class Walk {
        var dice: SeededGenerator
        let hosts: ResourceLimit
        let clients: UpstreamLimits
        let copies: UpstreamLimits
        let rigs: [PoolRig]
        var asked: [Asked] = []

        init(seed: UInt64) throws {
            var dice = SeededGenerator(seed: seed)
            let hosts = ResourceLimit(1 + dice.number(below: 8))
            func limits(_ slot: Int) -> UpstreamLimits {
                UpstreamLimits(
                    connections: 1 + dice.number(below: 6),
                    pending: 1 + dice.number(below: 8),
                    requests: 1 + dice.number(below: 8),
                    slot: slot
                )
            }
            let clients = limits(0)
            copies = limits(1)
            rigs = try (0..<4).map { number in try PoolRig(clients, hostConnections: number < 2 ? hosts : nil) }
            self.clients = clients
            self.hosts = hosts
            self.dice = dice
        }

        func step() {
            let rig = dice.pick(rigs)
            let open = rig.transports.indices.filter { !rig.transports[$0].isClosed && rig.transports[$0].user != nil }
            switch dice.number(below: 10) {
            case 0..<4:
                let kind = dice.chance(percent: 70) ? clients : copies
                if let one = rig.request("/", of: kind, fresh: dice.chance(percent: 20)) { asked.append(one) }
            case 4..<9:
                guard !open.isEmpty else { return }
                move(rig, dice.pick(open))
            default:
                guard let one = asked.filter({ !$0.isOver }).randomElement(using: &dice) else { return }
                one.connection.close()
                asked.removeAll { $0 === one }
            }
        }

        /// Something happens to a socket that is possible in its state.
        private func move(_ rig: PoolRig, _ index: Int) {
            let transport = rig.transports[index]
            guard transport.isConnected else {
                return dice.chance(percent: 80) ? rig.connect(index) : rig.end(index, .couldNotConnect)
            }
            let isIdle = (transport.user as? HTTP1ClientConnection)?.handler == nil
            if isIdle, dice.chance(percent: 80) { return }
            if dice.chance(percent: 20) {
                rig.end(index, dice.pick([.closedByPeer, .reset]))
            } else {
                rig.answer(index)
            }
        }

        /// Connects and answers until nobody waits for anything.
        func settle() {
            for _ in 0..<1_000 where asked.contains(where: { !$0.isOver }) {
                for rig in rigs {
                    for (index, transport) in rig.transports.enumerated() where transport.user != nil {
                        if transport.isConnected { rig.answer(index) } else { rig.connect(index) }
                    }
                }
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `limits and counters are balanced whatever happens`(seed: UInt64) throws {
        for number in 0..<20 {
            let walk = try Walk(seed: seed &* 1_000 &+ UInt64(number))
            for _ in 0..<300 {
                walk.step()
                check(walk, "seed \(seed), walk \(number)")
            }
            walk.settle()
            #expect(walk.asked.allSatisfy { $0.isOver }, "seed \(seed), walk \(number): somebody waits for ever")
            for rig in walk.rigs {
                rig.pool.retire()
                #expect(rig.gauges.prefix(5).allSatisfy { $0 == 0 }, "seed \(seed), walk \(number): \(rig.gauges)")
            }
            #expect(walk.clients.gauges + walk.copies.gauges == [0, 0, 0, 0, 0, 0], "seed \(seed), walk \(number)")
            #expect(walk.hosts.current == 0, "seed \(seed), walk \(number)")
        }
    }

    private func check(_ walk: Walk, _ place: String) {
        for limits in [walk.clients, walk.copies] {
            // Each pool may have one connection beyond the limit.
            #expect(limits.connections.current <= limits.connections.maximum + walk.rigs.count, "\(place)")
            #expect(limits.pending.current <= limits.pending.maximum, "\(place)")
            #expect(limits.requests.current <= limits.requests.maximum, "\(place)")
            #expect(limits.gauges.allSatisfy { $0 >= 0 }, "\(place)")
        }
        for rig in walk.rigs {
            let counters = rig.counters
            let active = counters.activeConnections.current
            #expect(UInt64(max(0, active)) == counters.connections.current - counters.destroyed.current, "\(place)")
            #expect(
                counters.destroyed.current == counters.destroyedLocally.current + counters.destroyedRemotely.current,
                "\(place)"
            )
            #expect(rig.pool.waitingCount == 0 || active > 0, "\(place): somebody waits for nothing")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random walks over pools of HTTP/2 connections: nothing is counted twice, nothing is forgotten, nobody waits for ever.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HTTP2PoolWalkTests {
    private final class Walk {
        var dice: SeededGenerator
        let hosts: ResourceLimit
        let clients: UpstreamLimits
        let copies: UpstreamLimits
        let rigs: [HTTP2PoolRig]
        var asked: [HTTP2Asked] = []
        /// By pool and socket, the streams that have been asked for and not been answered.
        var streams: [[Set<UInt32>]] = [[], []]

        init(seed: UInt64) throws {
            var dice = SeededGenerator(seed: seed)
            let hosts = ResourceLimit(1 + dice.number(below: 4))
            func limits(_ slot: Int) -> UpstreamLimits {
                UpstreamLimits(
                    connections: 1 + dice.number(below: 4),
                    pending: 1 + dice.number(below: 8),
                    requests: 1 + dice.number(below: 12),
                    isRestrained: slot == 1,
                    slot: slot
                )
            }
            let clients = limits(0)
            copies = limits(1)
            let streams = 1 + dice.number(below: 4)
            let most = dice.chance(percent: 30) ? 1 + dice.number(below: 5) : 0
            rigs = try (0..<2).map { number in
                try HTTP2PoolRig(clients) {
                    $0.hostConnections = number == 0 ? [hosts, hosts] : []
                    $0.http2.options.concurrentStreams = streams
                    $0.requestsPerConnection = most
                }
            }
            self.clients = clients
            self.hosts = hosts
            self.dice = dice
        }

        func step() throws {
            let number = dice.number(below: rigs.count)
            let rig = rigs[number]
            switch dice.number(below: 10) {
            case 0..<4:
                let kind = dice.chance(percent: 70) ? clients : copies
                guard let stream = rig.pool.acquire(within: kind, fresh: dice.chance(percent: 20), patient: false)
                else { return }
                let one = HTTP2Asked(stream)
                asked.append(one)
                stream.begin(RequestHead("GET /", ["host: h"]), handler: one.handler)
                stream.flush()
            case 4..<9:
                let open = rig.transports.indices.filter { rig.transports[$0].user != nil }
                if !open.isEmpty { move(number, dice.pick(open)) }
            default:
                guard let one = asked.filter({ !$0.isOver }).randomElement(using: &dice) else { return }
                one.stream.close()
                asked.removeAll { $0 === one }
            }
        }

        /// Takes down which streams the socket was asked for.
        private func look(_ number: Int, _ index: Int) {
            while streams[number].count <= index { streams[number].append([]) }
            for line in rigs[number].sent(index) {
                let words = line.split(separator: " ")
                guard words.count > 1, let id = UInt32(words[1]) else { continue }
                if words[0] == "HEADERS" { streams[number][index].insert(id) }
                if words[0] == "RST" { streams[number][index].remove(id) }
            }
        }

        /// Something happens to a socket that is possible in its state.
        private func move(_ number: Int, _ index: Int) {
            let rig = rigs[number]
            guard rig.transports[index].isConnected else {
                return dice.chance(percent: 80) ? rig.connect(index) : rig.end(index, .couldNotConnect)
            }
            look(number, index)
            guard let id = streams[number][index].randomElement(using: &dice) else {
                if dice.chance(percent: 20) { rig.end(index, dice.pick([.closedByPeer, .reset])) }
                return
            }
            switch dice.number(below: 10) {
            case 0: rig.end(index, dice.pick([.closedByPeer, .reset]))
            case 1:
                let last = dice.pick([0, id, 0x7FFF_FFFF])
                rig.receive(index, .goAway(last))
                // Those up to the last are still to be answered.
                streams[number][index] = streams[number][index].filter { $0 <= last }
                return
            case 2: rig.receive(index, .reset(id, dice.pick([.cancel, .refusedStream, .protocolError])))
            default: rig.answer(index, id)
            }
            streams[number][index].remove(id)
        }

        /// Connects and answers until nobody waits for anything.
        func settle() {
            for _ in 0..<1_000 where asked.contains(where: { !$0.isOver }) {
                for (number, rig) in rigs.enumerated() {
                    for (index, transport) in rig.transports.enumerated() where transport.user != nil {
                        guard transport.isConnected else {
                            rig.connect(index)
                            continue
                        }
                        look(number, index)
                        for id in streams[number][index].sorted() where transport.user != nil { rig.answer(index, id) }
                        streams[number][index] = []
                    }
                }
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `limits and counters are balanced whatever happens`(seed: UInt64) throws {
        for number in 0..<20 {
            let walk = try Walk(seed: seed &* 1_000 &+ UInt64(number))
            for _ in 0..<200 {
                try walk.step()
                check(walk, "seed \(seed), walk \(number)")
            }
            walk.settle()
            #expect(walk.asked.allSatisfy { $0.isOver }, "seed \(seed), walk \(number): somebody waits for ever")
            for rig in walk.rigs {
                rig.pool.retire()
                #expect(rig.gauges.prefix(6).allSatisfy { $0 == 0 }, "seed \(seed), walk \(number): \(rig.gauges)")
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

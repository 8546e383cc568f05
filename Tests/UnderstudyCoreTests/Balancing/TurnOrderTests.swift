// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Endpoints must take turns in the order in which Envoy 1.40 was seen to give them.

import TestSupport
import Testing
import UnderstudyCore

struct TurnOrderTests {
    private static let four: [UInt32] = [5, 3, 2, 1]
    /// 27 turns go round: a, b and d weigh 1, 3 and 2 times 0.7.
    private static let localities = LoadBalancing().with { $0.localities = .weighted }

    private func picks(_ count: Int, _ settings: LoadBalancing, _ hosts: [BalancedHost], seed: UInt64) -> String {
        var balancer = Balancer(BalancingPlan(settings, hosts: hosts), seed: seed)
        var dice = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            balancer.pick(random: { dice.next() }, load: { _ in 0 }).host.map { "\($0)" } ?? "-"
        }.joined()
    }

    /// Whether the turns are the measured ones for some seed, which decides where they begin.
    private func gives(_ measured: String, _ settings: LoadBalancing, _ hosts: [BalancedHost]) -> Bool {
        (0..<500).contains { picks(measured.count, settings, hosts, seed: $0) == measured }
    }

    @Test func `equal weights rotate in file order from a start by chance`() {
        let hosts = BalancedHost.measured(weights: [3, 3, 3])
        #expect(picks(7, LoadBalancing(), hosts, seed: 0) == "0120120")
        #expect(picks(7, LoadBalancing(), hosts, seed: 1) == "1201201")
        #expect(picks(7, LoadBalancing(), hosts, seed: .max) == "0012012")
        #expect(gives("201201201201201201201201201201", LoadBalancing(), hosts))
    }

    @Test(arguments: [LoadBalancing(), LoadBalancing(.leastRequest(choices: 2, activeRequestBias: 1))])
    func `unequal weights take turns by their deadlines`(settings: LoadBalancing) {
        #expect(
            gives("01020103210010201032100102010321001020103210", settings, BalancedHost.measured(weights: Self.four))
        )
        #expect(
            gives(
                "894880561273948884983874898284389817488938482897483889488056",
                settings,
                BalancedHost.measured(weights: BalancedHost.tenWeights)
            )
        )
    }

    @Test func `localities take turns by what is up of them, and endpoints take turns within them`() {
        let measured = "402141024110421140214104211402141024110421140214104211402141"
        let zones: [Character: Character] = ["0": "b", "1": "b", "2": "a", "4": "d"]
        let matches = (0..<100 as Range<UInt64>).filter { seed in
            let picked = picks(measured.count, Self.localities, BalancedHost.fourZones, seed: seed)
            return picked.compactMap { zones[$0] } == measured.compactMap { zones[$0] }
        }
        #expect(!matches.isEmpty)
        #expect(gives(measured.filter { "01".contains($0) }, LoadBalancing(), Array(BalancedHost.fourZones.prefix(2))))
    }
}

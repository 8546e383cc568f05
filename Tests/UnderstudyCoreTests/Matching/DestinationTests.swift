// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One of several clusters, by weight: the number decides, wherever it comes from.

import TestSupport
import Testing
import UnderstudyCore

struct DestinationTests {
    private let clusters = NameTable(
        ["ten", "ninety"].enumerated().map { (name: Array($0.element.utf8), value: $0.offset) }
    )

    private func forward(_ weighted: WeightedClusters) -> Forward {
        let action = RouteAction(clusters: .weighted(weighted))
        return Forward(action, matcher: PathMatcher(.prefix("/")), clusters: clusters)
    }

    private var choices: [WeightedClusters.Choice] {
        [.init(cluster: .name("ten"), weight: 10), .init(cluster: .name("ninety"), weight: 90)]
    }

    private func pick(
        _ weighted: WeightedClusters,
        random: UInt64,
        _ lines: [String] = [],
        runtime: RuntimeSnapshot = .empty
    ) -> Int? {
        let head = RequestHead("GET /", ["host: h"] + lines)
        let destination = forward(weighted).destination(for: head, random: random, runtime: runtime)
        guard case .index(let index) = destination.cluster else { return nil }
        return index
    }

    @Test(arguments: [(0, 0), (9, 0), (10, 1), (99, 1), (100, 0), (110, 1), (UInt64.max, 1)])
    func `the number's rest decides`(random: UInt64, index: Int) {
        #expect(pick(WeightedClusters(choices: choices), random: random) == index)
    }

    @Test(
        arguments: [
            (["x-n: 9"], 0), (["x-n: 10"], 1), (["x-n: 18446744073709551615"], 1),
            (["x-n: 18446744073709551616"], 0), (["x-n: x"], 0), (["x-n: 10", "x-n: 10"], 0), ([], 0),
        ]
    )
    func `a header may hold the number, if it holds one`(lines: [String], index: Int) {
        #expect(pick(WeightedClusters(choices: choices, randomHeader: "X-N"), random: 0, lines) == index)
    }

    @Test func `the runtime may change weights, but not to nothing`() {
        let weighted = WeightedClusters(choices: choices, runtimeKeyPrefix: "w")
        func runtime(_ ten: UInt64, _ ninety: UInt64) -> RuntimeSnapshot {
            RuntimeSnapshot([
                "w.ten": RuntimeValue(text: "", integer: ten), "w.ninety": RuntimeValue(text: "", integer: ninety),
            ])
        }
        #expect(pick(weighted, random: 10) == 1)
        #expect(pick(weighted, random: 10, runtime: runtime(20, 80)) == 0)
        #expect(pick(weighted, random: 5, runtime: runtime(0, 1)) == 1)
        #expect(pick(weighted, random: 10, runtime: runtime(0, 0)) == 1)
        #expect(pick(weighted, random: 10, runtime: runtime(UInt64.max, UInt64.max)) == 1)
    }

    @Test func `a choice may bring its own limits of copies`() {
        var limited = choices
        limited[1].mirrorLimits = MirrorLimits()
        limited[1].mirrorLimits?.timeout = .seconds(2)
        let head = RequestHead("GET /", ["host: h"])
        let forward = forward(WeightedClusters(choices: limited))
        #expect(forward.destination(for: head, random: 9).mirrorLimits == nil)
        #expect(forward.destination(for: head, random: 10).mirrorLimits == limited[1].mirrorLimits)
    }

    @Test func `a choice brings its own header operations and its own Host`() {
        var choice = WeightedClusters.Choice(cluster: .header("x-c"), weight: 1)
        choice.headers.requestRemovals = ["x"]
        choice.hostRewriteLiteral = "w"
        let head = RequestHead("GET /", ["host: h", "x-c: ninety"])
        let destination = forward(WeightedClusters(choices: [choice])).destination(for: head, random: 7)
        #expect(destination.requestLevels.count == 1)
        #expect(destination.responseLevels.isEmpty)
        #expect(destination.hostLiteral == Array("w".utf8))
        #expect(destination.cluster.resolve(head, clusters: clusters) == .success(1))
    }

    @Test func `a choice of weight zero is never made`() {
        let choices: [WeightedClusters.Choice] = [
            .init(cluster: .name("ten"), weight: 0), .init(cluster: .name("ninety"), weight: 1),
        ]
        #expect((0..<10).allSatisfy { pick(WeightedClusters(choices: choices), random: $0) == 1 })
    }
}

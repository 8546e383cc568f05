// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What clients and mirrors notice while the overload manager has something on.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct OverloadActionTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"

    /// A heap whose pressure the test sets, in hundredths.
    private struct Heap: Sendable {
        let bytes = Gauge()
        let shrinks = Counter()
    }

    /// Looks at the resources only when asked to.
    private static func options(_ action: OverloadAction, _ threshold: Double = 0.5) -> OverloadOptions {
        var options = OverloadOptions(
            monitors: [.init("heap", .heap(maximum: 100))],
            rules: [.init(action, [.init("heap", threshold: threshold)])]
        )
        options.refreshInterval = .seconds(3600)
        return options
    }

    private func serve(
        _ action: OverloadAction,
        mirrors: [UpstreamBehaviour] = [],
        bypasses: Bool = false,
        _ body: (RunningServer, _ set: (Int) async -> Void, Heap) async throws -> Void
    ) async throws {
        let heap = Heap()
        try await RunningServer.run(
            mirrors: mirrors,
            { configuration, options in
                configuration.overload = Self.options(action)
                configuration.listeners[0].bypassesOverload = bypasses
                options.memory = OverloadMonitor.Memory(
                    bytesInUse: { UInt64(max(0, heap.bytes.current)) },
                    giveBack: { heap.shrinks.add() }
                )
            },
            { proxy in
                let set = { (pressure: Int) in
                    heap.bytes.set(pressure)
                    await proxy.server.lookForOverload()
                }
                try await body(proxy, set, heap)
            }
        )
    }

    // MARK: Requests

    @Test func `requests are refused as Envoy refuses them, and served again when the pressure is gone`() async throws {
        try await serve(.stopAcceptingRequests) { proxy, set, _ async throws in
            let client = try await proxy.connect()
            #expect(try await client.ask(Self.get).status == 200)
            await set(50)
            for _ in 0..<2 {
                let refused = try await client.ask(Self.get)
                #expect(refused.status == 503)
                #expect(refused.body == "envoy overloaded")
                #expect(refused.value("x-envoy-overloaded") == nil)
                #expect(refused.value("connection") == nil)
            }
            #expect(proxy.statistic("http.test.downstream_rq_overload_close") == 2)
            #expect(proxy.statistic("overload.heap.pressure") == 50)
            #expect(proxy.statistic("overload.envoy.overload_actions.stop_accepting_requests.active") == 1)
            #expect(proxy.statistic("overload.envoy.overload_actions.stop_accepting_requests.scale_percent") == 100)
            await set(49)
            #expect(try await client.ask(Self.get).status == 200)
            #expect(proxy.statistic("overload.envoy.overload_actions.stop_accepting_requests.active") == 0)
            #expect(proxy.primary.record.current.completeRequests.count == 2)
        }
    }

    @Test func `a request that is refused before its body is in ends its connection`() async throws {
        try await serve(.stopAcceptingRequests) { proxy, set, _ async throws in
            await set(100)
            let client = try await proxy.connect()
            let answer = try await client.ask("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nab")
            #expect(answer.status == 503)
            #expect(answer.value("connection") == "close")
        }
    }

    @Test func `answers end their connections while keep-alive is off`() async throws {
        try await serve(.disableKeepalive) { proxy, set, _ async throws in
            let client = try await proxy.connect()
            #expect(try await client.ask(Self.get).value("connection") == nil)
            await set(100)
            let last = try await client.ask(Self.get)
            #expect(last.status == 200)
            #expect(last.value("connection") == "close")
            _ = try await client.end()
            #expect(proxy.statistic("http.test.downstream_cx_drain_close") == 1)
            #expect(proxy.statistic("http.test.downstream_cx_overload_disable_keepalive") == 1)
        }
    }

    // MARK: Connections

    @Test func `clients wait while no connections are accepted`() async throws {
        try await serve(.stopAcceptingConnections) { proxy, set, _ async throws in
            let early = try await proxy.connect()
            #expect(try await early.ask(Self.get).status == 200)
            await set(100)
            let waiting = try await proxy.connect()
            try await waiting.send(Self.get)
            // The one loop has had many turns by then.
            for _ in 0..<10 { #expect(try await early.ask(Self.get).status == 200) }
            #expect(proxy.statistic("listener.127.0.0.1_0.downstream_cx_total") == 1)
            await set(0)
            #expect(try await waiting.answer().status == 200)
        }
    }

    @Test func `clients are closed while connections are rejected`() async throws {
        try await serve(.rejectConnections) { proxy, set, _ async throws in
            let early = try await proxy.connect()
            #expect(try await early.ask(Self.get).status == 200)
            await set(100)
            try await proxy.expectRefusal()
            #expect(try await early.ask(Self.get).status == 200)
            #expect(proxy.statistic("listener.127.0.0.1_0.downstream_cx_overload_reject") == 1)
            #expect(proxy.statistic("listener.127.0.0.1_0.downstream_cx_total") == 1)
            await set(0)
            #expect(try await proxy.ask().status == 200)
        }
    }

    @Test(arguments: [
        OverloadAction.stopAcceptingRequests, .disableKeepalive, .stopAcceptingConnections, .rejectConnections,
    ])
    func `a listener that bypasses the overload manager serves on`(action: OverloadAction) async throws {
        try await serve(action, bypasses: true) { proxy, set, _ async throws in
            await set(100)
            let client = try await proxy.connect()
            for _ in 0..<2 { #expect(try await client.ask(Self.get).status == 200) }
        }
    }

    // MARK: Copies and memory

    @Test func `copies end with the first action, while clients are served`() async throws {
        try await serve(.shrinkHeap, mirrors: [.answers()]) { proxy, set, _ async throws in
            await set(100)
            #expect(try await proxy.ask().status == 200)
            #expect(proxy.counts()[.budget] == 1)
            #expect(proxy.statistic("mirrors.shed") == 1)
            await set(0)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.settled()[.ok] == 1)
        }
    }

    @Test func `copies end before requests are refused`() async throws {
        try await serve(.stopAcceptingRequests, mirrors: [.answers()]) { proxy, set, _ async throws in
            await set(45)
            #expect(try await proxy.ask().status == 200)
            #expect(proxy.counts()[.budget] == 1)
        }
    }

    @Test func `free memory is given back at once, and not again within ten seconds`() async throws {
        try await serve(.shrinkHeap) { proxy, set, heap async throws in
            for _ in 0..<3 { await set(100) }
            #expect(heap.shrinks.current == 1)
            #expect(proxy.statistic("overload.envoy.overload_actions.shrink_heap.shrink_count") == 1)
        }
    }

    @Test func `memory is given back every ten seconds for as long as the pressure lasts`() {
        let shrinks = Counter()
        let monitor = OverloadMonitor(.init(bytesInUse: { 100 }, giveBack: { shrinks.add() }))
        let begin = ContinuousClock.now
        for second in 0...20 { _ = monitor.look(Self.options(.shrinkHeap), at: begin + .seconds(second)) }
        #expect(shrinks.current == 3)
    }

    @Test func `what the allocator has given out is counted, and given back`() {
        let before = HeapFigures.bytesInUse()
        // So much more than other tests give back meanwhile; nothing is written to it.
        var block: [UInt8] = []
        block.reserveCapacity(1 << 30)
        let during = HeapFigures.bytesInUse()
        #expect(block.capacity >= 1 << 30)
        #expect(before > 0)
        #expect(during > before + 512 << 20)
        HeapFigures.giveBack()
    }

    @Test func `a configuration without an overload manager ends what was on`() async throws {
        try await serve(.stopAcceptingRequests) { proxy, set, _ async throws in
            await set(100)
            #expect(try await proxy.ask().status == 503)
            var configuration = proxy.server.snapshot.configuration
            configuration.overload = nil
            try await proxy.server.replace(with: configuration, time: 0)
            #expect(try await proxy.ask().status == 200)
        }
    }
}

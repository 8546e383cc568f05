// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The switch for all mirrors, and that of each one.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct MirrorSwitchTests {
    private func serve(
        _ body: (ServedProxy, ServerConfiguration) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start(.answers())
        let configuration = ServedProxy.configuration(
            [ServedProxy.route(mirrors: ["a", "b"])],
            [("primary", upstream.port), ("a", upstream.port), ("b", upstream.port)]
        )
        try await ServedProxy.run(configuration, concurrency: 2) { try await body($0, configuration) }
        await upstream.stop()
    }

    /// Clients that ask until they are told to stop.
    private struct Load: Sendable {
        var isOver = false
        var answers = 0
        var faults: [String] = []
    }

    private static func ask(_ proxy: ServedProxy, _ load: Watched<Load>) async {
        do {
            let client = try await proxy.connect()
            defer { client.close() }
            while !load.current.isOver {
                let answer = try await client.ask(ServedProxy.get)
                load.update {
                    $0.answers += 1
                    if answer.status != 200 { $0.faults.append("\(answer)") }
                }
            }
        } catch {
            load.update { $0.faults.append("\(error)") }
        }
    }

    /// Looks at the books all the time.
    private static func look(_ proxy: ServedProxy, _ load: Watched<Load>) async {
        while !load.current.isOver {
            for entry in proxy.server.mirroring().entries where !entry.counts.isBalanced {
                load.update { $0.faults.append("\(entry.key) does not balance: \(entry.counts)") }
            }
            await Task.yield()
        }
    }

    @Test func `once the call has returned no copy is started, though requests go on`() async throws {
        try await serve { proxy, _ async throws in
            let load = Watched(Load())
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                defer { load.update { $0.isOver = true } }
                for _ in 0..<4 { tasks.addTask { await Self.ask(proxy, load) } }
                tasks.addTask { await Self.look(proxy, load) }
                for round in 1...5 {
                    let before = load.current.answers
                    try await load.wait("requests of round \(round)") { $0.answers >= before + 40 }
                    #expect(await proxy.server.setMirroring(false, mirror: nil) == .switched)
                    let copies = ["a", "b"].map { proxy.counts($0).copies }
                    let answers = load.current.answers
                    try await load.wait("requests without copies") { $0.answers >= answers + 40 }
                    #expect(["a", "b"].map { proxy.counts($0).copies } == copies, "round \(round)")
                    #expect(await proxy.server.setMirroring(true, mirror: nil) == .switched)
                    try await eventually("copies again") {
                        zip(["a", "b"], copies).allSatisfy { proxy.counts($0).copies > $1 }
                    }
                }
            }
            #expect(load.current.faults == [])
            let answers = UInt64(load.current.answers)
            for mirror in ["a", "b"] {
                let outcomes = try await proxy.outcomes(mirror, of: answers)
                #expect(Set(outcomes.keys) == [.ok, .disabled])
                #expect(outcomes[.disabled] ?? 0 >= 5 * 36)
            }
        }
    }

    @Test func `one that is switched off leaves the others`() async throws {
        try await serve { proxy, _ async throws in
            #expect(await proxy.server.setMirroring(false, mirror: "a") == .switched)
            #expect(await proxy.server.setMirroring(false, mirror: "a") == .unchanged)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("a", of: 1) == [.disabled: 1])
            #expect(try await proxy.outcomes("b", of: 1) == [.ok: 1])
            #expect(proxy.book("a")?.isEnabled == false)
            #expect(proxy.book("b")?.isEnabled == true)
            #expect(proxy.server.mirroring().clusters.map(\.isEnabled) == [false, true])
            #expect(await proxy.server.setMirroring(true, mirror: "a") == .switched)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("a", of: 2) == [.disabled: 1, .ok: 1])
        }
    }

    @Test func `the switch over all leaves those of single mirrors as they are`() async throws {
        try await serve { proxy, _ async throws in
            #expect(await proxy.server.setMirroring(false, mirror: "b") == .switched)
            #expect(await proxy.server.setMirroring(false, mirror: nil) == .switched)
            #expect(!proxy.server.mirroring().isEnabled)
            #expect(await proxy.server.setMirroring(true, mirror: nil) == .switched)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("a", of: 1) == [.ok: 1])
            #expect(try await proxy.outcomes("b", of: 1) == [.disabled: 1])
        }
    }

    @Test func `a reload leaves switches and books, even if a mirror is away for a while`() async throws {
        try await serve { proxy, configuration async throws in
            #expect(await proxy.server.setMirroring(false, mirror: "a") == .switched)
            #expect(try await proxy.ask().status == 200)
            var changed = configuration
            changed.clusters[1].connectTimeout = .seconds(1)
            try await proxy.server.replace(with: changed, time: 0)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("a", of: 2) == [.disabled: 2])
            #expect(try await proxy.outcomes("b", of: 2) == [.ok: 2])

            var without = configuration
            without.clusters.remove(at: 1)
            without.listeners[0].connectionManager.routes.virtualHosts[0].routes = [
                ServedProxy.route(mirrors: ["b"])
            ]
            try await proxy.server.replace(with: without, time: 0)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("b", of: 3) == [.ok: 3])
            #expect(proxy.book("a") == nil)
            try await proxy.server.replace(with: configuration, time: 0)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("a", of: 1) == [.disabled: 1])
            #expect(try await proxy.outcomes("b", of: 4) == [.ok: 4])
        }
    }

    @Test func `a name that no cluster has is answered with those there are`() async throws {
        try await serve { proxy, _ async throws in
            #expect(await proxy.server.setMirroring(false, mirror: "c") == .unknown(["a", "b", "primary"]))
            #expect(await proxy.server.setMirroring(true, mirror: nil) == .unchanged)
            #expect(try await proxy.ask().status == 200)
            #expect(try await proxy.outcomes("a", of: 1) == [.ok: 1])
        }
    }
}

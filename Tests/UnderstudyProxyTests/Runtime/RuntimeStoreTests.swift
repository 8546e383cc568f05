// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A change is in force everywhere when it is confirmed, and later changes never lose to earlier ones.

import Logging
import Synchronization
import Testing
import UnderstudyCore
import UnderstudyProxy

struct RuntimeStoreTests {
    private func store(_ layers: [RuntimeLayer]) -> RuntimeStore {
        RuntimeStore(layers, logger: Logger(label: "test"))
    }

    @Test func `a change is with every subscriber when it is confirmed`() async throws {
        let store = store([RuntimeLayer(name: "admin", kind: .admin)])
        let seen = Mutex<[RuntimeSnapshot]>([])
        for _ in 0..<3 {
            store.subscribe { snapshot in
                await Task.yield()
                seen.withLock { $0.append(snapshot) }
            }
        }
        try await store.modifyRuntime([("a", "1")])
        #expect(seen.withLock { $0.map { $0.integer("a") } } == [1, 1, 1])
        try await store.modifyRuntime([("a", "")])
        #expect(seen.withLock { $0.map { $0.integer("a") } } == [1, 1, 1, nil, nil, nil])
    }

    @Test func `a change that is refused reaches nobody`() async {
        let store = store([RuntimeLayer(name: "base", kind: .static([:]))])
        store.subscribe { _ in Issue.record("heard of a change") }
        await #expect(throws: RuntimeFault("No admin layer specified")) {
            try await store.modifyRuntime([("a", "1")])
        }
    }

    @Test func `of many changes at once the last one stays with every subscriber`() async throws {
        let store = store([RuntimeLayer(name: "admin", kind: .admin)])
        let last = Mutex<[RuntimeSnapshot]>(Array(repeating: .empty, count: 4))
        for index in 0..<4 {
            store.subscribe { snapshot in
                await Task.yield()
                last.withLock { $0[index] = snapshot }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for value in 1...50 {
                group.addTask { try await store.modifyRuntime([("a", "\(value)"), ("k\(value)", "1")]) }
            }
            try await group.waitForAll()
        }
        let final = store.snapshot
        #expect(final.count == 51)
        #expect(last.withLock { $0 }.allSatisfy { $0 == final })
    }

    @Test func `its figures bear Envoy's names`() async throws {
        let store = store([
            RuntimeLayer(name: "base", kind: .static(try RuntimeValue.flatten(["a": .number(1), "b": .number(2)]))),
            RuntimeLayer(name: "admin", kind: .admin),
        ])
        try await store.modifyRuntime([("a", "7"), ("c", "8")])
        let lines = store.statistics().statistics.map { "\($0.name): \($0.value)" }
        #expect(
            lines == [
                "runtime.admin_overrides_active: 1", "runtime.load_error: 0", "runtime.load_success: 2",
                "runtime.num_keys: 3", "runtime.num_layers: 2", "runtime.override_dir_exists: 0",
                "runtime.override_dir_not_exists: 2",
            ]
        )
    }
}

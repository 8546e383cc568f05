// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Values in files are read within bounds, and a directory that is swapped for another is noticed.

import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

struct DiskRuntimeTests {
    private func write(_ folder: Folder, _ files: [String: String]) throws {
        for (name, text) in files {
            let directory = (folder.path(name) as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            _ = try folder.write(name, text)
        }
    }

    /// Lets the link `current` lead to `target`.
    private func swap(_ folder: Folder, to target: String) throws {
        try? FileManager.default.removeItem(atPath: folder.path("current"))
        try FileManager.default.createSymbolicLink(atPath: folder.path("current"), withDestinationPath: target)
    }

    private func store(_ folder: Folder, admin: Bool = false) -> RuntimeStore {
        let disk = RuntimeLayer(name: "disk", kind: .disk(root: folder.path("current"), subdirectory: "envoy"))
        let layers = admin ? [disk, RuntimeLayer(name: "admin", kind: .admin)] : [disk]
        return RuntimeStore(layers, logger: Logger(label: "test"))
    }

    private func figures(_ store: RuntimeStore) -> [String: UInt64] {
        Dictionary(uniqueKeysWithValues: store.statistics().statistics.map { ($0.name, $0.value) })
    }

    // MARK: Reading

    @Test func `a file's path is the key, its text the value`() async throws {
        try await Folder.with { folder in
            try write(folder, ["a": "5\n", "b/c/d": "# share\nnumerator: 5\n", ".hidden": "1", "empty": ""])
            let values = try DiskRuntime(root: folder.path(""), subdirectory: "").values()
            #expect(values?.mapValues(\.text) == ["a": "5", "b.c.d": "numerator: 5", ".hidden": "1", "empty": ""])
            #expect(values?["b.c.d"]?.fraction == Fraction(numerator: 5, denominator: 100))
        }
    }

    @Test func `a directory that is not there is none`() async throws {
        try await Folder.with { folder in
            let values = try DiskRuntime(root: folder.path(""), subdirectory: "nowhere").values()
            #expect(values == nil)
        }
    }

    @Test(arguments: [(16, true), (17, false)])
    func `directories may lie so deep in one another`(depth: Int, isRead: Bool) async throws {
        try await Folder.with { folder in
            let path = (1..<depth).map { "d\($0)" } + ["value"]
            try write(folder, [path.joined(separator: "/"): "1"])
            let tree = DiskRuntime(root: folder.path(""), subdirectory: "")
            #expect(((try? tree.values()) != nil) == isRead)
        }
    }

    @Test(arguments: [(10_000, true), (10_001, false)])
    func `there may be so many files`(count: Int, isRead: Bool) async throws {
        try await Folder.with { folder in
            for number in 0..<count { _ = try folder.write("f\(number)", "1") }
            let tree = DiskRuntime(root: folder.path(""), subdirectory: "")
            #expect(((try? tree.values()) != nil) == isRead)
        }
    }

    @Test(arguments: [(16 * 1024, true), (16 * 1024 + 1, false)])
    func `a file may be so long`(length: Int, isRead: Bool) async throws {
        try await Folder.with { folder in
            try write(folder, ["a": String(repeating: "x", count: length)])
            let tree = DiskRuntime(root: folder.path(""), subdirectory: "")
            #expect(((try? tree.values()) != nil) == isRead)
        }
    }

    @Test func `a directory that leads back to itself comes to an end`() async throws {
        try await Folder.with { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("loop"),
                withDestinationPath: folder.path("")
            )
            #expect(throws: DiskRuntime.Failure.self) {
                try DiskRuntime(root: folder.path(""), subdirectory: "").values()
            }
        }
    }

    @Test func `a device is no value`() async throws {
        try await Folder.with { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("endless"),
                withDestinationPath: "/dev/zero"
            )
            try write(folder, ["a": "1"])
            let values = try DiskRuntime(root: folder.path(""), subdirectory: "").values()
            #expect(values?.keys.sorted() == ["a"])
        }
    }

    // MARK: Swapping

    @Test func `a swapped link brings new values, a written file does not`() async throws {
        try await Folder.with { folder in
            try write(folder, ["v1/envoy/i": "1", "v2/envoy/i": "2"])
            try swap(folder, to: "v1")
            let store = store(folder)
            #expect(store.snapshot.integer("i") == 1)

            try write(folder, ["v1/envoy/i": "9"])
            await store.readReplacedDisks()
            #expect(store.snapshot.integer("i") == 1)

            try swap(folder, to: "v2")
            await store.readReplacedDisks()
            #expect(store.snapshot.integer("i") == 2)
            #expect(figures(store)["runtime.load_success"] == 2)
        }
    }

    @Test func `every subscriber hears of new values`() async throws {
        try await Folder.with { folder in
            try write(folder, ["v1/envoy/i": "1", "v2/envoy/i": "2"])
            try swap(folder, to: "v1")
            let store = store(folder)
            let heard = Mutex<[UInt64?]>([])
            store.subscribe { snapshot in heard.withLock { $0.append(snapshot.integer("i")) } }
            store.subscribe { snapshot in heard.withLock { $0.append(snapshot.integer("i")) } }
            await store.readReplacedDisks()
            #expect(heard.withLock { $0 } == [])
            try swap(folder, to: "v2")
            await store.readReplacedDisks()
            #expect(heard.withLock { $0 } == [2, 2])
        }
    }

    @Test func `what cannot be read leaves the values before, and is counted`() async throws {
        try await Folder.with { folder in
            try write(folder, ["v1/envoy/i": "1", "v2/envoy/i": "[1", "v3/envoy/i": "3"])
            try swap(folder, to: "v1")
            let store = store(folder)
            try swap(folder, to: "v2")
            await store.readReplacedDisks()
            #expect(store.snapshot.integer("i") == 1)
            #expect(figures(store)["runtime.load_error"] == 1)
            try swap(folder, to: "v3")
            await store.readReplacedDisks()
            #expect(store.snapshot.integer("i") == 3)
        }
    }

    @Test func `a root that is gone leaves the values before`() async throws {
        try await Folder.with { folder in
            try write(folder, ["v1/envoy/i": "1"])
            try swap(folder, to: "v1")
            let store = store(folder)
            try FileManager.default.removeItem(atPath: folder.path("current"))
            await store.readReplacedDisks()
            #expect(store.snapshot.integer("i") == 1)
        }
    }

    @Test func `a directory that appears later is a layer from then on`() async throws {
        try await Folder.with { folder in
            let store = store(folder)
            #expect(store.runtimeDocument().layers == [])
            try write(folder, ["v1/envoy/i": "1"])
            try swap(folder, to: "v1")
            await store.readReplacedDisks()
            #expect(store.runtimeDocument().layers == ["disk"])
        }
    }
}

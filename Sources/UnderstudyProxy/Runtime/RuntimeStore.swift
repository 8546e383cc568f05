// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The one place where runtime values change: by the admin server, or because a directory was replaced.

public import Logging
internal import Synchronization
public import UnderstudyCore

/// Holds the layers and hands every new set of values to its subscribers, one after the other and in order.
public final class RuntimeStore: RuntimeControl, Sendable {
    public typealias Subscriber = @Sendable (RuntimeSnapshot) async -> Void

    private struct State {
        var layers: RuntimeLayers
        var subscribers: [Subscriber] = []
        /// What stood at each disk layer's root when it was read.
        var identities: [DirectoryTree.Identity?]
    }

    private struct Counters: Sendable {
        let loads = Counter()
        let failures = Counter()
        let loadsWithOverride = Counter()
        let loadsWithoutOverride = Counter()
    }

    private let state: Mutex<State>
    /// With their places among the layers.
    private let disks: [(layer: Int, name: String, tree: DiskRuntime)]
    private let counters = Counters()
    private let turn = Turn()
    private let logger: Logger

    /// How often the roots of disk layers are looked at.
    private static let interval = Duration.milliseconds(500)

    /// Reads the disk layers at once: the first request already sees all values.
    public init(_ layers: [RuntimeLayer], logger: Logger) {
        self.logger = logger
        disks = layers.enumerated().compactMap { index, layer in
            guard case .disk(let root, let subdirectory) = layer.kind else { return nil }
            return (index, layer.name, DiskRuntime(root: root, subdirectory: subdirectory))
        }
        state = Mutex(State(layers: RuntimeLayers(layers), identities: disks.map { _ in nil }))
        load(Array(disks.indices))
    }

    public var snapshot: RuntimeSnapshot { state.withLock { $0.layers.snapshot } }

    /// From now on every new set of values is given to `body`.
    public func subscribe(_ body: @escaping Subscriber) {
        state.withLock { $0.subscribers.append(body) }
    }

    // MARK: Admin

    public func runtimeDocument() -> RuntimeDocument { state.withLock { $0.layers.document } }

    /// Returns when every subscriber has the new values.
    public func modifyRuntime(_ changes: [(key: String, value: String)]) async throws(RuntimeFault) {
        try state.withLock { state throws(RuntimeFault) in try state.layers.modify(changes) }
        countLoad(failed: false)
        await publish()
    }

    // MARK: Disk

    /// Looks after the disk layers until the task is cancelled.
    public func watch() async {
        guard !disks.isEmpty else { return }
        // The interval of looking, not a wait for something else to happen.
        while (try? await Task.sleep(for: Self.interval)) != nil { await readReplacedDisks() }
    }

    /// Reads the disk layers whose root is another than the last time.
    ///
    /// One whose root is gone keeps its values.
    public func readReplacedDisks() async {
        let known = state.withLock { $0.identities }
        let replaced = disks.indices.filter { index in
            guard let identity = disks[index].tree.identity else { return false }
            return identity != known[index]
        }
        guard !replaced.isEmpty else { return }
        load(replaced)
        await publish()
    }

    /// One that cannot be read keeps the values that it has.
    private func load(_ indices: [Int]) {
        var failed = false
        for index in indices {
            let disk = disks[index]
            // Before the reading: what is replaced meanwhile is read again.
            let identity = disk.tree.identity
            do throws(DiskRuntime.Failure) {
                let values = try disk.tree.values()
                state.withLock { $0.layers.setDisk(disk.layer, to: values) }
            } catch {
                failed = true
                logger.warning(
                    "runtime values could not be read, those before stay",
                    metadata: ["layer": "\(disk.name)", "reason": "\(error)"]
                )
            }
            state.withLock { $0.identities[index] = identity }
        }
        countLoad(failed: failed)
    }

    // MARK: Publishing

    private func publish() async {
        await turn.take()
        let (snapshot, subscribers) = state.withLock { ($0.layers.snapshot, $0.subscribers) }
        for subscriber in subscribers { await subscriber(snapshot) }
        await turn.give()
    }

    private func countLoad(failed: Bool) {
        if failed { counters.failures.add() } else { counters.loads.add() }
        let present = state.withLock { state in disks.count { state.layers.isPresent($0.layer) } }
        // Envoy looks for a second directory, of old the one with the overrides.
        if present > 1 { counters.loadsWithOverride.add() } else { counters.loadsWithoutOverride.add() }
    }

    /// Under Envoy's names.
    public func statistics() -> StatisticsScope {
        let (layers, keys, isOverridden) = state.withLock {
            ($0.layers.count, $0.layers.snapshot.count, $0.layers.hasAdminOverrides)
        }
        var all = StatisticsScope(.part("runtime"))
        all.gauge("admin_overrides_active", isOverridden ? 1 : 0)
        all.counter("load_error", counters.failures)
        all.counter("load_success", counters.loads)
        all.gauge("num_keys", UInt64(keys))
        all.gauge("num_layers", UInt64(layers))
        all.counter("override_dir_exists", counters.loadsWithOverride)
        all.counter("override_dir_not_exists", counters.loadsWithoutOverride)
        return all
    }
}

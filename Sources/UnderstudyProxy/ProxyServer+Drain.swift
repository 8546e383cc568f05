// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The orderly end, of the process or of its listeners only.

internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer {
    /// How long copies may run on once the last client has gone.
    private static let mirrorGrace = TimeAmount.seconds(1)
    /// How long the last access log lines may take to be written.
    private static let logTime = Duration.seconds(2)

    /// Ends what there is: not ready any more, then no new clients, then the requests in flight.
    func drain() async {
        state.withLock { $0.phase = .draining }
        await turn.take()
        let deadline = NIODeadline.now() + options.drainTime
        for worker in workers { await worker.submit { $0.beginDraining() } }
        if options.lameDuckTime > .zero {
            // Whoever sends clients here has to notice first.
            try? await group.next().scheduleTask(in: options.lameDuckTime) {}.futureResult.get()
        }
        await closeListeners { _ in true }
        await withTaskGroup(of: Void.self) { tasks in
            for worker in workers {
                tasks.addTask { await Self.drain(worker, until: deadline) }
            }
        }
        await turn.give()
    }

    func closeListeners(_ isMeant: @Sendable (SharedListener) -> Bool) async {
        let closed = state.withLock { state in
            let snapshot = state.snapshot
            let closed = state.sockets.filter { socket in
                snapshot.listener(at: socket.slot).map { isMeant($0.listener) } ?? true
            }
            let slots = Set(closed.map(\.slot))
            state.sockets = state.sockets.filter { !slots.contains($0.slot) }
            return closed
        }
        for socket in closed { try? await socket.listener.close() }
    }

    /// Drains one worker and then ends what is left: clients at the deadline, copies a little after the last client.
    private static func drain(_ worker: NIOLoopBound<Worker>, until deadline: NIODeadline) async {
        let eventLoop = worker.eventLoop
        let drained: EventLoopFuture<Void> = eventLoop.flatSubmit {
            let drained = worker.value.drain()
            let watch = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: DeadlineTable.tick) { task in
                let worker = worker.value
                if worker.hasClients {
                    worker.mirrorDeadline = nil
                    if .now() >= deadline { worker.stop() }
                    return
                }
                let mirrorDeadline = worker.mirrorDeadline ?? min(deadline, .now() + mirrorGrace)
                worker.mirrorDeadline = mirrorDeadline
                if .now() >= mirrorDeadline { worker.stop() }
            }
            drained.whenComplete { _ in watch.cancel() }
            return drained
        }
        try? await drained.get()
    }

    func shutDown() async throws {
        stopAllClusters()
        for worker in workers {
            try await worker.eventLoop.submit { worker.value.stop() }.get()
        }
        await logs.shutDown(within: Self.logTime)
        threads.shutDown()
        try await group.shutdownGracefully()
        try await background.shutdownGracefully()
    }
}

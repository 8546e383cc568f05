// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the overload manager decides reaches workers and listeners.

internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import UnderstudyCore
internal import UnderstudyHTTP

extension ProxyServer {
    /// How soon another interval counts after a reload.
    private static let longestPause = Duration.seconds(1)

    /// Looks after the resources until the task is cancelled.
    func watchOverload() async {
        var last = ContinuousClock.now
        // The interval of the configuration, not a wait for something else to happen.
        while (try? await Task.sleep(for: min(overloadInterval, Self.longestPause))) != nil {
            guard last.duration(to: .now) >= overloadInterval else { continue }
            last = .now
            await lookForOverload()
        }
    }

    private var overloadInterval: Duration { snapshot.configuration.overload?.refreshInterval ?? Self.longestPause }

    /// Looks once, and does what is to be done.
    public func lookForOverload() async {
        let options = snapshot.configuration.overload
        let old = overload.current
        guard options != nil || old != [] else { return }
        let new = overload.look(options)
        if new != old { await shedLoad() }
    }

    /// Brings every worker and listener to what is on now.
    func shedLoad() async {
        await sheddingTurn.take()
        let state = overload.current
        for worker in workers { await worker.submit { $0.overload = state } }
        accounts.setShedding(state.contains(.shedsCopies))
        let (snapshot, sockets) = self.state.withLock { ($0.snapshot, $0.sockets) }
        for socket in sockets {
            let isExempt = snapshot.listener(at: socket.slot)?.listener.configuration.bypassesOverload ?? false
            // Failing means that the listener is closed.
            try? await socket.listener.setOverloaded(state.contains(.stopsConnections) && !isExempt)
        }
        await sheddingTurn.give()
    }

    /// What the listener's accepting is bound by, and how that is told.
    func acceptWatch(_ shared: SharedListener) -> AcceptWatch {
        let statistics = shared.statistics
        let (failures, fullness) = (acceptFailures, acceptFullness)
        let address = "\(shared.configuration.address)"
        return AcceptWatch(
            places: clientPlaces,
            failed: { [upstreamPlaces] code in
                statistics.acceptFailures.add()
                if code == EMFILE || code == ENFILE { upstreamPlaces.want() }
                failures.log(
                    .warning,
                    "clients cannot be accepted",
                    metadata: ["address": "\(address)", "reason": "\(SystemErrorText.text(code))"]
                )
            },
            filled: { [clientPlaces] in
                statistics.acceptPauses.add()
                fullness.log(
                    .warning,
                    "clients have all descriptors that they may have; others wait until one leaves",
                    metadata: ["address": "\(address)", "most": "\(clientPlaces.maximum)"]
                )
            }
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How an upstream connection ends, and what is counted then.

internal import NIOCore
internal import UnderstudyCore

extension HTTP1ClientConnection {
    /// Whose doing the end is.
    enum Ending { case byUs, byPeer, failedToConnect }

    func end(_ ending: Ending) {
        if case .closed = phase { return }
        let carriesRequest: Bool
        if case .idle = phase {
            pool.removeIdle(self)
            carriesRequest = false
        } else {
            carriesRequest = true
        }
        // What the peer has not taken would stay in the system, outside of every budget.
        let isForgotten =
            limits?.isRestrained == true && carriesRequest && bodyCoding != .none && transport.queuedBytes > 0
        if let restingPlace { loop.resting.forget(restingPlace) }
        phase = .closed
        handler = nil
        unread = ByteBuffer()
        held = ByteBuffer()
        trailers = nil
        outgoing.removeAll(loop)
        loop.deadlines.clear(self)
        detachRequest()
        if ending == .byUs { isForgotten ? transport.reset() : transport.close() }
        countEnd(ending, carriesRequest: carriesRequest)
    }

    private func countEnd(_ ending: Ending, carriesRequest: Bool) {
        let counters = pool.counters
        switch stage {
        case .waiting:
            endWaiting()
            counters.cancelledRequests.add()
            return pool.removeWaiting(self)
        case .connecting:
            endWaiting()
            if ending == .byUs { counters.cancelledRequests.add() }
            if ending == .failedToConnect { counters.pendingFailures.add() }
        case .connected:
            counters.connectionLength.record(UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)))
            counters.requestsPerConnection.record(UInt64(requestCount))
        }
        counters.activeConnections.add(-1)
        pool.host.activeConnections.add(-1)
        // A request that waited for the connection was never on it.
        countDestroyed(ending, carriesRequest: carriesRequest && stage == .connected)
        if let limits { pool.connectionEnded(limits) }
    }

    private func countDestroyed(_ ending: Ending, carriesRequest: Bool) {
        let counters = pool.counters
        counters.destroyed.add()
        if carriesRequest { counters.destroyedWithRequest.add() }
        if ending != .byUs {
            counters.destroyedRemotely.add()
            if carriesRequest { counters.destroyedRemotelyWithRequest.add() }
        } else {
            counters.destroyedLocally.add()
            if carriesRequest { counters.destroyedLocallyWithRequest.add() }
        }
    }
}

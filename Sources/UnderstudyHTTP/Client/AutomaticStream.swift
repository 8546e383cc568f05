// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request that was made before it was known which protocol it goes by.

internal import NIOCore
internal import UnderstudyCore

/// Keeps the request until then, and stands before the stream of the pool that it goes to from there on.
///
/// Loop-bound.
final class AutomaticStream: ClientStream {
    let limits: UpstreamLimits
    private let pool: AutomaticPool
    private var stream: (any ClientStream)?
    private var held: HeldRequest?
    private var handler: (any ResponseHandler)?
    private var isWaiting = true
    private var ownConnectError = ConnectError.none

    init(_ pool: AutomaticPool, _ limits: UpstreamLimits) {
        self.pool = pool
        self.limits = limits
        pool.counters.pendingRequests.add()
        pool.counters.activePendingRequests.add(1)
    }

    private func endWaiting() {
        isWaiting = false
        limits.pending.free()
        pool.counters.activePendingRequests.add(-1)
    }

    // MARK: The decision

    func goOn(in pool: any ClientPool) {
        endWaiting()
        guard let handler, let held else { return }
        self.held = nil
        self.handler = nil
        guard let stream = pool.acquire(within: limits) else { return handler.upstreamFailed(.overflow) }
        self.stream = stream
        held.begin(on: stream, handler: handler)
        handler.upstreamDrained()
    }

    func failToConnect(_ failure: UpstreamFailure, error: ConnectError) {
        endWaiting()
        pool.counters.pendingFailures.add()
        ownConnectError = error
        let handler = self.handler
        self.handler = nil
        held = nil
        handler?.upstreamFailed(failure)
    }

    // MARK: What the user does

    func begin(_ head: borrowing RequestHead, _ mode: RequestMode, handler: any ResponseHandler) {
        if let stream { return stream.begin(head, mode, handler: handler) }
        self.handler = handler
        held = HeldRequest(head, mode)
    }

    func sendBody(_ piece: ByteBuffer) {
        if let stream { stream.sendBody(piece) } else { held?.add(piece) }
    }

    func endRequest(trailers: HeaderBlock?) {
        if let stream { stream.endRequest(trailers: trailers) } else { held?.end(trailers) }
    }

    func flush() { stream?.flush() }

    func setReading(_ isReading: Bool) { stream?.setReading(isReading) }

    func release() {
        if let stream { stream.release() } else { close() }
    }

    func close() {
        handler = nil
        held = nil
        if let stream { return stream.close() }
        guard isWaiting else { return }
        endWaiting()
        pool.counters.cancelledRequests.add()
        pool.removeWaiting(self)
    }

    func discardAnswer() { stream?.discardAnswer() }

    // MARK: What it is

    var isReused: Bool { stream?.isReused ?? false }
    var hasSentRequest: Bool { stream?.hasSentRequest ?? false }
    var isWritable: Bool { stream?.isWritable ?? false }
    var isBackedUp: Bool { stream?.isBackedUp ?? ((held?.body.readableBytes ?? 0) >= pool.connectingBytes) }
    var heldBytes: Int { stream?.heldBytes ?? held.map { $0.headBytes + $0.body.readableBytes } ?? 0 }
    var connectError: ConnectError { stream?.connectError ?? ownConnectError }
    var tls: TLSPeer? { stream?.tls }
    var speaks: ApplicationProtocol? { stream?.speaks }
}

@available(*, unavailable)
extension AutomaticStream: Sendable {}

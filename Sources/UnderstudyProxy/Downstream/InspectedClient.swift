// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A connection whose first bytes say which filter chain it gets.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Nothing but its descriptor counts for it yet; it ends by itself when its time is over.
///
/// Loop-bound.
final class InspectedClient: TransportUser, Timed {
    var deadlineSlot = -1
    /// For the worker's list.
    var slot = -1
    let listener: SharedListener
    private let arrival: Arrival
    private unowned let worker: Worker
    private var received = ByteBuffer()

    init(_ arrival: Arrival, on listener: SharedListener, worker: Worker) {
        self.arrival = arrival
        self.listener = listener
        self.worker = worker
        listener.statistics.arriving.add(1)
        worker.inspectionBegan(self)
        let time = TimeAmount(limit: listener.configuration.inspectionTime)
        if let time { worker.loop.deadlines.set(self, after: time) }
    }

    func transportConnected() {}

    func transportReceived(_ bytes: ByteBuffer) {
        if received.readableBytes == 0 { received = bytes } else { received.writeImmutableBuffer(bytes) }
        let known = received
        switch ClientHello.read(known.readableBytesUInt8Span) {
        case .needsMore: break
        case .plainText: decide(nil, isTLS: false)
        case .hello(let hello): decide(hello, isTLS: true)
        // The TLS library is to find the words for it.
        case .malformed: decide(nil, isTLS: true)
        }
    }

    private func decide(_ hello: ClientHello?, isTLS: Bool) {
        let bytes = received
        leave()
        worker.inspected(arrival, on: listener, hello: hello, isTLS: isTLS, received: bytes)
    }

    func deadlinePassed() {
        listener.statistics.arrivalTimeouts.add()
        if listener.configuration.continuesAfterInspectionTime { decide(nil, isTLS: false) } else { end() }
    }

    /// Closes the connection, which is nobody's yet.
    func end() {
        leave()
        arrival.transport.close()
        worker.leave(listener)
    }

    private func leave() {
        received = ByteBuffer()
        worker.loop.deadlines.clear(self)
        listener.statistics.arriving.add(-1)
        worker.inspectionEnded(self)
    }

    func transportWritabilityChanged() {}

    func transportClosed(_ reason: TransportEnd) {
        leave()
        worker.leave(listener)
    }
}

/// A connection that has just been accepted.
///
/// Loop-bound.
struct Arrival {
    let transport: any ClientTransport
    let remote: SocketAddress?
    let local: SocketAddress?
}

@available(*, unavailable)
extension InspectedClient: Sendable {}

@available(*, unavailable)
extension Arrival: Sendable {}

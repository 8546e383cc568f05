// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The user of a transport, in a test's hand.

import NIOCore
import TestSupport
import UnderstudyHTTP

/// Notes what it hears, and does as the test says.
final class TransportWitness: TransportUser {
    struct Seen: Sendable {
        var isConnected = false
        var bytes = 0
        var writability: [Bool] = []
        var ends: [TransportEnd] = []
        /// Something was told from within a call of its own.
        var wasInterrupted = false
    }

    let transport: any Transport
    private let seen: Watched<Seen>
    private let received: (TransportWitness, ByteBuffer) -> Void
    /// What it does when it is told that it may write, or may not.
    var writabilityReaction: (any Transport) -> Void = { _ in }
    private var isCalling = false

    init(
        _ transport: any Transport,
        _ seen: Watched<Seen>,
        received: @escaping (TransportWitness, ByteBuffer) -> Void = { _, _ in }
    ) {
        self.transport = transport
        self.seen = seen
        self.received = received
    }

    func call(_ body: (any Transport) -> Void) {
        isCalling = true
        body(transport)
        isCalling = false
    }

    private func note(_ body: (inout Seen) -> Void) {
        let isCalling = self.isCalling
        seen.update {
            body(&$0)
            if isCalling { $0.wasInterrupted = true }
        }
    }

    func transportConnected() { note { $0.isConnected = true } }

    func transportReceived(_ bytes: ByteBuffer) {
        note { $0.bytes += bytes.readableBytes }
        received(self, bytes)
    }

    func transportWritabilityChanged() {
        let isWritable = transport.isWritable
        note { $0.writability.append(isWritable) }
        writabilityReaction(transport)
    }

    func transportClosed(_ reason: TransportEnd) { note { $0.ends.append(reason) } }
}

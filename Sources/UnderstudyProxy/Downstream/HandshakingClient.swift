// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A connection that has its filter chain, and whose TLS handshake is under way.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Counts as a connection of its listener; of its connection manager once it is known to speak HTTP, or has ended.
///
/// Loop-bound.
final class HandshakingClient: ServerConnection, TransportUser, Timed {
    var deadlineSlot = -1
    var registrySlot = -1
    let link: ClientLink
    private let transport: NIOTransport
    private let loop: LoopContext
    private let start = NIODeadline.now()
    private(set) var wasEndedByPeer = false
    private var hasTakenTooLong = false

    var service: any RequestService { link }
    var hasServed: Bool { false }
    var age: UInt64 { UInt64(max(0, (NIODeadline.now() - start).nanoseconds / 1_000_000)) }

    init(_ transport: NIOTransport, link: ClientLink, loop: LoopContext) {
        self.transport = transport
        self.link = link
        self.loop = loop
        link.connectionOpened(self)
        if link.isDraining {
            loop.deadlines.set(self, after: link.chain.limits.lingerTime)
        } else if let time = link.chain.handshakeTime {
            loop.deadlines.set(self, after: time)
        }
    }

    func transportConnected() {
        loop.deadlines.clear(self)
        link.handshakeSucceeded(self, transport)
    }

    /// Whoever is about to ask is told with the first answer that it is the last.
    func drain(waitingForLast: Bool) {
        if waitingForLast { loop.deadlines.set(self, after: link.chain.limits.lingerTime) } else { kill() }
    }

    func kill() {
        finish()
        transport.close()
    }

    func deadlinePassed() {
        link.chain.listener.statistics.handshakeTimeouts.add()
        hasTakenTooLong = true
        kill()
    }

    /// - Source: words of Envoy 1.40.
    func describeEnd(_ facts: inout ExchangeFacts) {
        facts.downstreamFailure = transport.handshakeFailure
        if hasTakenTooLong { facts.terminationDetails = "transport socket timeout was reached" }
    }

    private func finish() {
        loop.deadlines.clear(self)
        link.handshakeFailed(self)
    }

    // Nothing comes before the handshake is over.
    func transportReceived(_ bytes: ByteBuffer) {}
    func transportWritabilityChanged() {}

    func transportClosed(_ reason: TransportEnd) {
        wasEndedByPeer = true
        finish()
    }
}

@available(*, unavailable)
extension HandshakingClient: Sendable {}

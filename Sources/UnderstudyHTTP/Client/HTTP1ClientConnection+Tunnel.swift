// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Connections to an upstream that become tunnels, or are asked to.

internal import NIOCore
internal import UnderstudyCore

extension HTTP1ClientConnection {
    /// The answer to a request for a tunnel.
    ///
    /// - Source: measured on Envoy 1.40: an upgrade that is refused below 400 loses its body.
    func beginTunnel(_ head: inout ResponseHead) throws(MessageFault) {
        let isUpgrade = method != .connect
        if isUpgrade ? head.status == 101 : (200..<300).contains(head.status) {
            // A 101 says what it switches to (RFC 9110 section 15.2.2).
            guard !isUpgrade || head.headers.firstIndex(of: .upgrade) != nil else { throw .badSyntax }
            return openTunnel(&head)
        }
        if head.isInterim { return try reportInterim(&head) }
        if isUpgrade, head.status < 400 {
            head.headers.removeLines { $0.known == .contentLength }
            head.framing = .none
        }
        let isBackedUp = isBackedUp
        held = ByteBuffer()
        bodyCoding = .none
        phase = .body(BodyDecoder(head.framing, limits: pool.headRules.limits), reusable: false)
        handler?.responseBegan(&head)
        // What made the client wait is gone.
        if isBackedUp { handler?.upstreamDrained() }
    }

    private func openTunnel(_ head: inout ResponseHead) {
        // What a 2xx to CONNECT says of a length has no meaning (RFC 9110 section 9.3.6), but Envoy passes it on.
        if head.status == 101 { head.headers.removeLines { $0.known == .contentLength } }
        head.framing = .untilClose
        head.keepsAlive = false
        phase = .body(BodyDecoder(.untilClose), reusable: false)
        bodyCoding = .raw
        let early = held
        held = ByteBuffer()
        handler?.responseBegan(&head)
        guard case .body = phase else { return }
        if early.readableBytes > 0 { outgoing.append(loop, early, to: transport) }
        flush()
        if early.readableBytes >= pool.connectingBytes, transport.isWritable { handler?.upstreamDrained() }
        if requestIsSent { endTunnelHalf() }
    }

    /// The client has ended its half, which the upstream hears once there is a tunnel.
    ///
    /// - Source: RFC 9113 section 8.5, RFC 8441 section 5.
    func endTunnelHalf() {
        guard case .raw = bodyCoding else { return }
        outgoing.flushAll(loop, to: transport)
        transport.endOutput()
    }

    func openRawTunnel() {
        loop.withResponseHead { head in
            head.status = 200
            openTunnel(&head)
        }
        handler?.responseTurnEnded()
    }
}

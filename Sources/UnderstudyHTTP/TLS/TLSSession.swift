// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS of one connection on NIOSSL: its handlers, its facts, and how it ends.

internal import NIOCore
internal import NIOSSL
internal import NIOTLS
internal import UnderstudyCore

/// Loop-bound.
final class TLSSession: TransportSecurity {
    /// What its context has for it.
    struct Plan {
        var isServer: Bool
        var counters: TLSCounters
        var checks: PeerChecks
        /// The one name that the certificate has to have, instead of those of `checks`.
        var wantedName: [UInt8]?
        /// What is asked for; empty for none.
        var serverName: [UInt8] = []
        var own: CertificateFacts?
        var hello: ClientHello?
        var chain: PresentedChain?
    }

    private let plan: Plan
    private let handler: NIOSSLHandler
    private let watch: HandshakeWatch
    private var context: ChannelHandlerContext?
    private var failure: HandshakeFailure?

    init(_ plan: Plan, _ handler: NIOSSLHandler) {
        self.plan = plan
        self.handler = handler
        watch = HandshakeWatch(isServer: plan.isServer, hello: plan.hello)
    }

    func begin(_ context: ChannelHandlerContext) throws {
        self.context = context
        let pipeline = context.pipeline.syncOperations
        if plan.isServer {
            try context.channel.syncOptions?.setOption(.recvAllocator, value: ReadSizes.securedClient)
        }
        try pipeline.addHandler(watch, position: .before(context.handler))
        try pipeline.addHandler(handler, position: .before(context.handler))
    }

    func finish(_ applicationProtocol: [UInt8]) throws -> TLSPeer {
        let certificate = handler.peerCertificate
        let shown = plan.chain?.certificates ?? []
        let facts = certificate.map { CertificateFacts(shown.first == $0 ? shown : [$0]) }
        if let certificate, let facts {
            switch plan.checks.judge(certificate, facts, wanted: plan.wantedName) {
            case .fits: break
            case .wrongName:
                plan.counters.wrongNames.add()
                failure = .wrongName(facts)
                throw RefusedPeer()
            case .wrongHash:
                plan.counters.wrongHashes.add()
                failure = .wrongHash
                throw RefusedPeer()
            }
        }
        let peer = peer(facts, applicationProtocol)
        plan.counters.countHandshake(peer)
        // Its removal ends in a later turn, which nobody waits for.
        context?.pipeline.syncOperations.removeHandler(watch, promise: nil)
        return peer
    }

    private func peer(_ certificate: CertificateFacts?, _ applicationProtocol: [UInt8]) -> TLSPeer {
        let hello = watch.serverHello ?? ServerHello()
        return TLSPeer(
            version: handler.tlsVersion?.label ?? "",
            cipher: CipherSuite.name(hello.cipherSuite),
            curve: KeyGroup.name(hello.group),
            serverName: plan.isServer ? Array((watch.clientHello?.serverName ?? "").utf8) : plan.serverName,
            applicationProtocol: applicationProtocol,
            sessionID: TLSText.hexadecimal(hello.sessionID),
            isResumed: hello.isResumed,
            certificate: certificate,
            ownCertificate: plan.own
        )
    }

    func fail(_ error: (any Error)?) {
        guard let failure = HandshakeFailure(error) else { return }
        self.failure = failure
        switch failure.kind {
        case .noCertificate: plan.counters.missingCertificates.add()
        case .untrusted: plan.counters.untrustedCertificates.add()
        case .other: plan.counters.connectionErrors.add()
        }
    }

    var failureReason: [UInt8] { failure?.text ?? [] }

    /// Its context holds the transport, which holds this.
    func channelEnded() { context = nil }

    func end(for error: any Error) -> TransportEnd {
        if case NIOSSLError.uncleanShutdown = error { return .truncated }
        return .reset
    }

    func close(_ context: ChannelHandlerContext, tellingPeer: Bool) {
        // Half a close makes the library say what it has to say, and nothing waits for an answer to it.
        if tellingPeer { context.close(mode: .output, promise: nil) }
        // From the watch or the library on, towards the socket, nobody waits for the other end.
        guard let inner = try? context.pipeline.syncOperations.context(handler: handler) else {
            return context.close(promise: nil)
        }
        inner.close(promise: nil)
    }
}

/// The certificates that the other end has shown, kept until somebody asks.
///
/// Loop-bound.
final class PresentedChain {
    var certificates: [NIOSSLCertificate] = []
}

@available(*, unavailable)
extension TLSSession: Sendable {}

@available(*, unavailable)
extension PresentedChain: Sendable {}

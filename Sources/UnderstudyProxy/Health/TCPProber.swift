// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Checks that connect, and perhaps send and wait for bytes.

internal import NIOCore
internal import NIOPosix
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound.
final class TCPProber: Prober, TransportUser {
    var report: (ProbeResult) -> Void = { _ in }

    private let probe: HealthCheck.TCPProbe
    private let reusesConnection: Bool
    private let timeout: TimeAmount
    private let address: SocketAddress
    private let eventLoop: any EventLoop
    /// `nil` for plain text.
    private let makeTLS: () throws -> (any TransportSecurity)?
    private var transport: NIOTransport?
    private var received: [UInt8] = []

    /// Bytes that are kept while not all that is waited for has come.
    private static let mostReceived = 256 * 1024

    init(
        _ probe: HealthCheck.TCPProbe,
        of check: HealthCheck,
        to address: SocketAddress,
        eventLoop: any EventLoop,
        makeTLS: @escaping () throws -> (any TransportSecurity)?
    ) {
        self.probe = probe
        reusesConnection = check.reusesConnection
        timeout = TimeAmount(check.timeout)
        self.address = address
        self.eventLoop = eventLoop
        self.makeTLS = makeTLS
    }

    func begin() {
        if transport != nil { return send() }
        let transport = NIOTransport()
        transport.attach(self)
        do {
            if let session = try makeTLS() { transport.secure(session) }
        } catch {
            return failed(.network)
        }
        self.transport = transport
        connect(transport)
    }

    private func connect(_ transport: NIOTransport) {
        let bound = NIOLoopBound(transport, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(to: address)
            .assumeIsolated()
            .whenFailure { bound.value.connectFailed($0) }
    }

    func giveUp() {
        received = []
        let transport = self.transport
        self.transport = nil
        transport?.close()
    }

    func end() {
        giveUp()
    }

    private func send() {
        guard let bytes = probe.send else { return }
        transport?.write(ByteBuffer(bytes: bytes))
        transport?.flush()
    }

    private func failed(_ failure: HealthCheckState.Failure) {
        giveUp()
        report(.failed(failure, isExcluded: false))
    }

    // MARK: The connection

    func transportConnected() {
        guard probe.receive.isEmpty else { return send() }
        // As in Envoy, there is nothing to send then.
        giveUp()
        report(.passed(isDegraded: false))
    }

    func transportReceived(_ bytes: ByteBuffer) {
        guard received.count + bytes.readableBytes <= Self.mostReceived else { return failed(.network) }
        received.append(contentsOf: bytes.readableBytesView)
        guard !probe.receive.isEmpty, PayloadMatch.matches(probe.receive, in: received) else { return }
        received = []
        if !reusesConnection { giveUp() }
        report(.passed(isDegraded: false))
    }

    func transportWritabilityChanged() {}

    func transportClosed(_ reason: TransportEnd) {
        transport = nil
        failed(reason == .connectTimedOut ? .timeout : .network)
    }
}

@available(*, unavailable)
extension TCPProber: Sendable {}

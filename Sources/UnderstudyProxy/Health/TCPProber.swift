// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Checks that connect, and perhaps send and wait for bytes.

internal import NIOCore
internal import NIOPosix
internal import UnderstudyCore

/// Loop-bound.
final class TCPProber: Prober {
    var report: (ProbeResult) -> Void = { _ in }

    private let probe: HealthCheck.TCPProbe
    private let reusesConnection: Bool
    private let timeout: TimeAmount
    private let address: SocketAddress
    private let eventLoop: any EventLoop
    private var channel: (any Channel)?
    private var received: [UInt8] = []
    /// A connection that is being made, or was made, counts only while this is its number.
    private var number = 0

    /// Bytes that are kept while not all that is waited for has come.
    private static let mostReceived = 256 * 1024

    init(_ probe: HealthCheck.TCPProbe, of check: HealthCheck, to address: SocketAddress, eventLoop: any EventLoop) {
        self.probe = probe
        reusesConnection = check.reusesConnection
        timeout = TimeAmount(check.timeout)
        self.address = address
        self.eventLoop = eventLoop
    }

    func begin() {
        if let channel { return send(on: channel) }
        number += 1
        let bound = NIOLoopBound(TCPProbeHandler(self, number), eventLoop: eventLoop)
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
            .whenComplete { result in
                switch result {
                case .success(let channel): bound.value.connected(channel)
                case .failure(let error): bound.value.couldNotConnect(error)
                }
            }
    }

    func giveUp() {
        number += 1
        received = []
        let channel = self.channel
        self.channel = nil
        channel?.close(promise: nil)
    }

    func end() {
        giveUp()
    }

    private func send(on channel: any Channel) {
        guard let bytes = probe.send else { return }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    fileprivate func connected(_ channel: any Channel, _ number: Int) {
        guard number == self.number, channel.isActive else {
            channel.close(promise: nil)
            if number == self.number { failed(.network) }
            return
        }
        self.channel = channel
        if probe.receive.isEmpty {
            // As in Envoy, there is nothing to send then.
            giveUp()
            return report(.passed(isDegraded: false))
        }
        send(on: channel)
    }

    fileprivate func failed(_ failure: HealthCheckState.Failure) {
        giveUp()
        report(.failed(failure, isExcluded: false))
    }

    fileprivate func received(_ bytes: ByteBuffer, _ number: Int) {
        guard number == self.number else { return }
        guard received.count + bytes.readableBytes <= Self.mostReceived else { return failed(.network) }
        received.append(contentsOf: bytes.readableBytesView)
        guard !probe.receive.isEmpty, PayloadMatch.matches(probe.receive, in: received) else { return }
        received = []
        if !reusesConnection { giveUp() }
        report(.passed(isDegraded: false))
    }

    fileprivate func ended(_ number: Int) {
        if number == self.number, channel != nil { failed(.network) }
    }

    fileprivate func couldNotConnect(_ error: any Error, _ number: Int) {
        guard number == self.number else { return }
        if case .connectTimeout = error as? ChannelError { failed(.timeout) } else { failed(.network) }
    }
}

/// Loop-bound.
private final class TCPProbeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private weak var prober: TCPProber?
    private let number: Int

    init(_ prober: TCPProber, _ number: Int) {
        self.prober = prober
        self.number = number
    }

    func connected(_ channel: any Channel) {
        guard let prober else { return channel.close(promise: nil) }
        prober.connected(channel, number)
    }

    func couldNotConnect(_ error: any Error) {
        prober?.couldNotConnect(error, number)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        prober?.received(unwrapInboundIn(data), number)
    }

    func channelInactive(context: ChannelHandlerContext) {
        prober?.ended(number)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension TCPProber: Sendable {}

@available(*, unavailable)
extension TCPProbeHandler: Sendable {}

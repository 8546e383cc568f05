// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Checks over HTTP, of either version.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound.
final class HTTPProber: Prober, ResponseHandler {
    var report: (ProbeResult) -> Void = { _ in }

    private let probe: HealthCheck.HTTPProbe
    private let judge: ProbeJudge
    private let request: RequestHead
    private let reusesConnection: Bool
    private let pool: any ClientPool
    private let limit = UpstreamLimits(connections: 1)
    /// Whether the service name counts, and where it is counted that it was looked at.
    private let verifiesCluster: () -> Bool
    private let verified: Counter
    private var connection: (any ClientStream)?
    private var answer = ProbeAnswer()
    /// Of the answer, what may still come; a piece costs more than its bytes.
    private var room = 0

    /// An answer that is longer fails.
    private static let mostReceived = 1 << 20
    private static let costOfPiece = 64

    /// - Parameters:
    ///   - settings: Of its connections; nothing but checks ends them.
    ///   - host: The Host of the requests.
    init(
        _ probe: HealthCheck.HTTPProbe,
        of check: HealthCheck,
        _ settings: ConnectionPool.Settings,
        host: String,
        context: LoopContext,
        verified: Counter,
        verifiesCluster: @escaping () -> Bool
    ) {
        self.probe = probe
        judge = ProbeJudge(probe)
        var request = RequestHead(probe, host: host)
        request.saysHTTPS = settings.tls != nil
        self.request = request
        reusesConnection = check.reusesConnection
        self.verified = verified
        self.verifiesCluster = verifiesCluster
        var settings = settings
        settings.idleTime = nil
        pool =
            probe.version == .http2
            ? HTTP2ClientPool(settings, loop: context) : ConnectionPool(settings, loop: context)
    }

    func begin() {
        answer = ProbeAnswer()
        room = Self.mostReceived
        guard let connection = pool.acquire(within: limit) else {
            return report(.failed(.network, isExcluded: false))
        }
        self.connection = connection
        var head = RequestHead()
        head.copy(request)
        var facts = ExchangeFacts()
        facts.startTime = WallClock.nanoseconds()
        head.apply([probe.headers], facts: facts)
        connection.begin(head, handler: self)
        connection.flush()
    }

    func giveUp() {
        connection?.close()
        connection = nil
        if !reusesConnection { pool.closeIdle() }
    }

    func end() {
        giveUp()
        pool.retire()
    }

    // MARK: The answer

    func responseBegan(_ head: inout ResponseHead) {
        answer = ProbeAnswer(head)
    }

    func responseInterim(_ head: inout ResponseHead) {
        spend(head.headers.bytes.count)
    }

    /// An endless answer must not keep the loop busy until its time is over.
    private func spend(_ bytes: Int) {
        room -= bytes + Self.costOfPiece
        guard room < 0, let connection else { return }
        self.connection = nil
        connection.close()
        report(.failed(.network, isExcluded: false))
    }

    func responseBody(_ piece: ByteBuffer) {
        spend(piece.readableBytes)
        let room = judge.bodyLimit - answer.body.count
        if room > 0 { answer.body.append(contentsOf: piece.readableBytesView.prefix(room)) }
    }

    func responseEnded(reusable: Bool, trailers: HeaderBlock?) {
        let connection = self.connection
        self.connection = nil
        if reusable && reusesConnection { connection?.release() } else { connection?.close() }
        if !reusesConnection { pool.closeIdle() }
        let verdict = judge.judge(answer, verifiesCluster: verifiesCluster())
        if verdict.hasVerifiedCluster { verified.add() }
        switch verdict.result {
        case .healthy: report(.passed(isDegraded: false))
        case .degraded: report(.passed(isDegraded: true))
        case .failed(let isRetriable):
            report(.failed(.answer(isRetriable: isRetriable), isExcluded: verdict.isExcluded))
        }
    }

    func responseTurnEnded() {}

    func upstreamDrained() {}

    func upstreamFailed(_ failure: UpstreamFailure) {
        connection = nil
        report(.failed(failure == .connectTimeout ? .timeout : .network, isExcluded: false))
    }
}

@available(*, unavailable)
extension HTTPProber: Sendable {}

extension RequestHead {
    /// A check's request before what the configuration adds.
    ///
    /// - Source: bytes measured on Envoy 1.40.
    init(_ probe: HealthCheck.HTTPProbe, host: String) {
        self.init()
        let methodBytes = Array(probe.method.utf8)
        methodName = headers.appendBytes(methodBytes)
        method = Method(headers.bytes.span, methodName) ?? .other
        target = headers.appendBytes(Array(probe.path.utf8))
        headers.add("host", Array(host.utf8), known: .host)
        headers.add("user-agent", "Envoy/HC")
    }
}

extension HeaderBlock {
    /// Puts bytes into the arena that are part of no line.
    fileprivate mutating func appendBytes(_ more: [UInt8]) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: more)
        return start..<bytes.count
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of client connections; the names are those of Envoy's `downstream_cx_` and `downstream_rq_`.

public import UnderstudyCore

public final class ServerCounters: Sendable {
    public let connections = Counter()
    public let activeConnections = Gauge()
    // Without those that sent no request.
    public let http1Connections = Counter()
    public let activeHTTP1Connections = Gauge()
    public let http2Connections = Counter()
    public let activeHTTP2Connections = Gauge()
    public let destroyed = Counter()
    public let destroyedLocally = Counter()
    public let destroyedRemotely = Counter()
    public let destroyedWithRequest = Counter()
    public let destroyedLocallyWithRequest = Counter()
    public let destroyedRemotelyWithRequest = Counter()
    public let idleTimeouts = Counter()
    public let delayedCloseTimeouts = Counter()
    /// Connections beyond the most that a small server takes.
    public let overflows = Counter()
    public let maxDurationsReached = Counter()
    public let maxRequestsReached = Counter()
    public let drainCloses = Counter()
    public let keepalivesDisabled = Counter()
    public let protocolErrors = Counter()
    public let upgrades = Counter()
    public let activeUpgrades = Gauge()
    public let headTimeouts = Counter()
    public let requestTimeouts = Counter()
    /// Requests that a silence has ended: the client's in its body, or anybody's after it.
    public let streamIdleTimeouts = Counter()
    public let flowPauses = Counter()
    public let flowResumptions = Counter()
    public let bytes = ByteCounters()
    /// Milliseconds.
    public let connectionLength = Histogram()

    /// Of all services together.
    public let underscores: UnderscoreCounters
    public let http2: HTTP2Counters

    public init(underscores: UnderscoreCounters = UnderscoreCounters(), http2: HTTP2Counters = HTTP2Counters()) {
        self.underscores = underscores
        self.http2 = http2
    }
}

/// What became of header names with an underscore; Envoy counts it for the process, under `http1.`.
public final class UnderscoreCounters: Sendable {
    public let rejectedRequests = Counter()
    public let droppedHeaders = Counter()

    public init() {}
}

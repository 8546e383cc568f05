// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of connections to upstreams and of the requests on them.

public import UnderstudyCore

/// Of an upstream group; the names are those of Envoy's `upstream_cx_` and `upstream_rq_`.
public final class UpstreamCounters: Sendable {
    public let connections = Counter()
    public let http1Connections = Counter()
    public let http2Connections = Counter()
    public let activeConnections = Gauge()
    public let connectFailures = Counter()
    public let connectTimeouts = Counter()
    public let idleTimeouts = Counter()
    /// Connections that have carried as many requests as they may.
    public let spentConnections = Counter()
    /// Requests that found the limit on connections reached.
    public let connectionOverflows = Counter()
    public let destroyed = Counter()
    public let destroyedLocally = Counter()
    public let destroyedRemotely = Counter()
    public let destroyedWithRequest = Counter()
    public let destroyedLocallyWithRequest = Counter()
    public let destroyedRemotelyWithRequest = Counter()
    public let protocolErrors = Counter()
    public let closeNotifies = Counter()
    public let bytes = ByteCounters()
    /// Milliseconds.
    public let connectTime = Histogram()
    public let connectionLength = Histogram()
    /// Told at the end of each connection.
    public let requestsPerConnection = Histogram()
    public let requests = Counter()
    public let activeRequests = Gauge()
    public let pendingRequests = Counter()
    public let activePendingRequests = Gauge()
    public let pendingOverflows = Counter()
    /// Requests that found a connection but the limit on requests reached.
    public let activeOverflows = Counter()
    public let pendingFailures = Counter()
    public let cancelledRequests = Counter()

    public init() {}
}

/// Of one endpoint.
public final class HostCounters: Sendable {
    public let connections = Counter()
    public let connectFailures = Counter()
    public let activeConnections = Gauge()
    public let requests = Counter()
    public let requestSuccesses = Counter()
    public let requestErrors = Counter()
    public let requestTimeouts = Counter()
    public let activeRequests = Gauge()

    public init() {}
}

/// Bytes on the wire in both directions.
public final class ByteCounters: Sendable {
    public let received = Counter()
    public let sent = Counter()

    public init() {}
}

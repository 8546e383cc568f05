// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of connections to upstreams and of the requests on them.

package import UnderstudyCore

/// Of an upstream group; the names are those of Envoy's `upstream_cx_` and `upstream_rq_`.
package final class UpstreamCounters: Sendable {
    package let connections = Counter()
    package let http1Connections = Counter()
    package let http2Connections = Counter()
    package let activeConnections = Gauge()
    package let connectFailures = Counter()
    package let connectTimeouts = Counter()
    package let idleTimeouts = Counter()
    /// Connections that have carried as many requests as they may.
    package let spentConnections = Counter()
    /// Requests that found the limit on connections reached.
    package let connectionOverflows = Counter()
    package let destroyed = Counter()
    package let destroyedLocally = Counter()
    package let destroyedRemotely = Counter()
    package let destroyedWithRequest = Counter()
    package let destroyedLocallyWithRequest = Counter()
    package let destroyedRemotelyWithRequest = Counter()
    package let protocolErrors = Counter()
    package let closeNotifies = Counter()
    package let bytes = ByteCounters()
    /// Milliseconds.
    package let connectTime = Histogram()
    package let connectionLength = Histogram()
    /// Told at the end of each connection.
    package let requestsPerConnection = Histogram()
    package let requests = Counter()
    package let activeRequests = Gauge()
    package let pendingRequests = Counter()
    package let activePendingRequests = Gauge()
    package let pendingOverflows = Counter()
    /// Requests that found a connection but the limit on requests reached.
    package let activeOverflows = Counter()
    package let pendingFailures = Counter()
    package let cancelledRequests = Counter()

    package init() {}
}

/// Of one endpoint.
package final class HostCounters: Sendable {
    package let connections = Counter()
    package let connectFailures = Counter()
    package let activeConnections = Gauge()
    package let requests = Counter()
    package let requestSuccesses = Counter()
    package let requestErrors = Counter()
    package let requestTimeouts = Counter()
    package let activeRequests = Gauge()

    package init() {}
}

/// Bytes on the wire in both directions.
package final class ByteCounters: Sendable {
    package let received = Counter()
    package let sent = Counter()

    package init() {}
}

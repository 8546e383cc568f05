// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of client connections; the names are those of Envoy's `downstream_cx_` and `downstream_rq_`.

package import UnderstudyCore

package final class ServerCounters: Sendable {
    package let connections = Counter()
    package let activeConnections = Gauge()
    // Without those that sent no request.
    package let http1Connections = Counter()
    package let activeHTTP1Connections = Gauge()
    package let http2Connections = Counter()
    package let activeHTTP2Connections = Gauge()
    package let destroyed = Counter()
    package let destroyedLocally = Counter()
    package let destroyedRemotely = Counter()
    package let destroyedWithRequest = Counter()
    package let destroyedLocallyWithRequest = Counter()
    package let destroyedRemotelyWithRequest = Counter()
    package let idleTimeouts = Counter()
    package let delayedCloseTimeouts = Counter()
    /// Connections beyond the most that a small server takes.
    package let overflows = Counter()
    package let maxDurationsReached = Counter()
    package let maxRequestsReached = Counter()
    package let drainCloses = Counter()
    package let keepalivesDisabled = Counter()
    package let protocolErrors = Counter()
    package let upgrades = Counter()
    package let activeUpgrades = Gauge()
    package let headTimeouts = Counter()
    package let requestTimeouts = Counter()
    /// Requests that a silence has ended: the client's in its body, or anybody's after it.
    package let streamIdleTimeouts = Counter()
    package let flowPauses = Counter()
    package let flowResumptions = Counter()
    package let bytes = ByteCounters()
    /// Milliseconds.
    package let connectionLength = Histogram()

    /// Of all services together.
    package let underscores: UnderscoreCounters
    package let http2: HTTP2Counters

    package init(underscores: UnderscoreCounters = UnderscoreCounters(), http2: HTTP2Counters = HTTP2Counters()) {
        self.underscores = underscores
        self.http2 = http2
    }
}

/// What became of header names with an underscore; Envoy counts it for the process, under `http1.`.
package final class UnderscoreCounters: Sendable {
    package let rejectedRequests = Counter()
    package let droppedHeaders = Counter()

    package init() {}
}

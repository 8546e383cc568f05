// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of client connections; the names are those of Envoy's `downstream_cx_` and `downstream_rq_`.

package import UnderstudyCore

package final class ServerCounters: Sendable {
    package let connections = Counter()
    package let activeConnections = Gauge()
    package let destroyed = Counter()
    package let destroyedLocally = Counter()
    package let destroyedRemotely = Counter()
    package let destroyedWithRequest = Counter()
    package let destroyedLocallyWithRequest = Counter()
    package let destroyedRemotelyWithRequest = Counter()
    package let idleTimeouts = Counter()
    package let delayedCloseTimeouts = Counter()
    package let maxDurationsReached = Counter()
    package let maxRequestsReached = Counter()
    package let drainCloses = Counter()
    package let protocolErrors = Counter()
    package let upgrades = Counter()
    package let activeUpgrades = Gauge()
    package let headTimeouts = Counter()
    package let requestTimeouts = Counter()
    package let bodyTimeouts = Counter()
    package let flowPauses = Counter()
    package let flowResumptions = Counter()
    package let bytes = ByteCounters()
    /// Milliseconds.
    package let connectionLength = Histogram()

    package init() {}
}

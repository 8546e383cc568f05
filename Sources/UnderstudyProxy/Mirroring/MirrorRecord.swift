// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What an access log tells of a copy.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// Collected only where the router has an `upstream_log`.
///
/// - Source: measured on Envoy 1.40, whose line for a copy knows neither the route nor details.
final class MirrorRecord {
    let logs: OpenLogs
    /// As it went to the mirror.
    let head: RequestHead
    var answer: ResponseHead?
    /// Of the bodies, in either direction.
    var sentBytes = 0
    var receivedBytes = 0
    /// What kept the mirror from answering; empty for nothing, and for a copy that was cut.
    var flag: StaticString = ""

    init(logs: OpenLogs, head: borrowing RequestHead) {
        self.logs = logs
        self.head = copy head
    }

    /// What the mirror speaks.
    var speaks = ApplicationProtocol.http1

    /// - Parameter elapsed: Nanoseconds since the copy was begun.
    func write(to endpoint: WorkerEndpoint?, of cluster: WorkerCluster, elapsed: Int64, worker: Worker) {
        var facts = ExchangeFacts()
        facts.logType = "UpstreamEnd"
        facts.hasStreamID = false
        facts.status = answer?.status ?? 0
        facts.elapsed = elapsed
        facts.startTime = WallClock.nanoseconds() - elapsed
        facts.bytesReceived = receivedBytes
        facts.bytesSent = sentBytes
        if flag.utf8CodeUnitCount > 0 { facts.responseFlags = [flag] }
        facts.clusterName = Array(cluster.shared.configuration.name.utf8)
        facts.upstream = endpoint?.networkAddress
        facts.upstreamName = endpoint?.host.hostname ?? []
        facts.hostname = worker.hostname
        facts.protocolName = answer == nil ? nil : speaks.protocolName
        facts.upstreamProtocol = facts.protocolName
        logs.write(request: head, response: answer, facts: facts, ofCopies: true, worker: worker)
    }
}

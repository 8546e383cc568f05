// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's numbers under Envoy's names, for whoever shows them.

package import UnderstudyCore

extension ProxyServer: StatisticsSource {
    package func statistics() -> [StatisticsScope] {
        var all: [StatisticsScope] = []
        var copies: UInt64 = 0
        for cluster in snapshot.clusters {
            all.append(cluster.statistics.statistics(of: cluster.configuration.name))
            copies += cluster.statistics.copies.current
        }
        var client = StatisticsScope(.connectionManager("async-client"))
        client.counter("rq_total", copies)
        var server = StatisticsScope(.part("server"))
        server.gauge("mirror_bytes_held", UInt64(max(0, budget.heldBytes)))
        all += [client, server, runtime.statistics()]
        return all + snapshot.listeners.map(Self.statistics)
    }

    private static func statistics(of listener: SharedListener) -> StatisticsScope {
        var all = StatisticsScope(.connectionManager(listener.configuration.connectionManager.statPrefix))
        all.counter("downstream_rq_total", listener.requests)
        all.counter("rq_total", listener.routed)
        for (index, counter) in listener.answerClasses.enumerated() {
            all.counter("downstream_rq_\(index + 1)xx", counter)
        }
        for reason in MirrorOutcome.NotSent.allCases {
            all.counter("mirror_not_sent_\(reason.label)", listener.notSent[reason]?.current ?? 0)
        }
        return all
    }
}

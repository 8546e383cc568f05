// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's numbers under Envoy's names, for whoever shows them.

package import UnderstudyCore

extension ProxyServer: StatisticsSource {
    package func statistics() -> [Statistic] {
        var all: [Statistic] = []
        var copies: UInt64 = 0
        for cluster in snapshot.clusters {
            all += cluster.statistics.statistics(of: cluster.configuration.name)
            copies += cluster.statistics.copies.current
        }
        all.append(Statistic("http.async-client.rq_total", copies))
        all.append(Statistic("server.mirror_bytes_held", UInt64(max(0, budget.heldBytes))))
        all += runtime.statistics()
        for listener in snapshot.listeners { all += Self.statistics(of: listener) }
        return all
    }

    private static func statistics(of listener: SharedListener) -> [Statistic] {
        let prefix = "http.\(listener.configuration.connectionManager.statPrefix)."
        var all = [
            Statistic(prefix + "downstream_rq_total", listener.requests.current),
            Statistic(prefix + "rq_total", listener.routed.current),
        ]
        for (index, counter) in listener.answerClasses.enumerated() {
            all.append(Statistic(prefix + "downstream_rq_\(index + 1)xx", counter.current))
        }
        for reason in MirrorOutcome.NotSent.allCases {
            let value = listener.notSent[reason]?.current ?? 0
            all.append(Statistic(prefix + "mirror_not_sent_\(reason.label)", value))
        }
        return all
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the first bytes of connections were, counted for the process.

internal import UnderstudyCore

/// Under `tls_inspector.`.
final class InspectionStatistics: Sendable {
    private let tlsFound = Counter()
    private let tlsNotFound = Counter()
    private let nameFound = Counter()
    private let nameNotFound = Counter()
    private let protocolsFound = Counter()
    private let protocolsNotFound = Counter()

    func count(_ facts: ConnectionFacts) {
        guard facts.isTLS else { return tlsNotFound.add() }
        tlsFound.add()
        (facts.serverName.isEmpty ? nameNotFound : nameFound).add()
        (facts.applicationProtocols.isEmpty ? protocolsNotFound : protocolsFound).add()
    }

    var scope: StatisticsScope {
        var scope = StatisticsScope(.part("tls_inspector"))
        scope.counter("tls_found", tlsFound)
        scope.counter("tls_not_found", tlsNotFound)
        scope.counter("sni_found", nameFound)
        scope.counter("sni_not_found", nameNotFound)
        scope.counter("alpn_found", protocolsFound)
        scope.counter("alpn_not_found", protocolsNotFound)
        return scope
    }
}

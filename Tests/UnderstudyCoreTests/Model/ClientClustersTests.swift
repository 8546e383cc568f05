// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whom clients depend on is told by the routes alone.

import Testing
import UnderstudyCore

struct ClientClustersTests {
    private func clusters(_ actions: Route.Action...) -> ClientClusters {
        let routes = actions.map { Route(match: RouteMatch(path: .prefix("/")), action: $0) }
        let host = VirtualHost(name: "all", domains: ["*"], routes: routes)
        let manager = ConnectionManager(
            statPrefix: "test",
            routes: RouteConfiguration(name: "routes", virtualHosts: [host])
        )
        let listener = Listener(
            name: "main",
            address: SocketEndpoint(host: "127.0.0.1", port: 0),
            connectionManager: manager
        )
        return ClientClusters(ServerConfiguration(listeners: [listener], clusters: []))
    }

    @Test func `a cluster that is only mirrored to serves no client`() {
        let mirrors = [MirrorPolicy(cluster: .name("mirror")), MirrorPolicy(cluster: .header("x-mirror"))]
        let clusters = clusters(.forward(RouteAction(cluster: .name("primary"), mirrorPolicies: mirrors)), .none)
        #expect(clusters.contains("primary"))
        #expect(!clusters.contains("mirror"))
        #expect(!clusters.contains("unused"))
    }

    @Test func `every choice counts, whatever its weight is now`() {
        let choices = [
            WeightedClusters.Choice(cluster: .name("old"), weight: 100),
            WeightedClusters.Choice(cluster: .name("new"), weight: 0),
        ]
        let clusters = clusters(.forward(RouteAction(clusters: .weighted(WeightedClusters(choices: choices)))))
        #expect(clusters.contains("old"))
        #expect(clusters.contains("new"))
        #expect(!clusters.contains("mirror"))
    }

    @Test func `a header may name any`() {
        let one = clusters(.forward(RouteAction(cluster: .header("x-cluster"))))
        #expect(one.contains("anything"))
        let choices = [WeightedClusters.Choice(cluster: .header("x-cluster"), weight: 1)]
        let weighted = clusters(.forward(RouteAction(clusters: .weighted(WeightedClusters(choices: choices)))))
        #expect(weighted.contains("anything"))
    }
}

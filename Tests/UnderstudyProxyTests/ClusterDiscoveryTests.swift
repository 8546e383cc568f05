// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Names are resolved beside the traffic, and one that cannot be resolved holds up nothing and nobody.

import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyProxy

struct ClusterDiscoveryTests {
    private struct NoSuchName: Error {}

    private static let hourly: Cluster.DNSOptions = {
        var options = Cluster.DNSOptions()
        options.refreshRate = .seconds(3600)
        return options
    }()

    private func cluster(_ names: String...) -> Cluster {
        Cluster(
            name: names.joined(),
            discovery: .strictDNS(Self.hourly),
            endpoints: names.map { Endpoint(address: SocketEndpoint(host: $0, port: 80)) }
        )
    }

    private func watch(
        _ clusters: [Cluster],
        bound: Duration = .seconds(30),
        resolve: @escaping ClusterDiscovery.Resolve
    ) async throws -> [[SharedHost]] {
        let threads = ResolverThreads()
        let shared = try clusters.map { try Self.shared($0) }
        let discovery = ClusterDiscovery(threads: threads, logger: Logger(label: "test"), resolve: resolve)
        let watchers = await discovery.watch(shared, bound: bound)
        for watcher in watchers { watcher.cancel() }
        threads.shutDown()
        return shared.map(\.hostList.hosts)
    }

    private static func shared(_ cluster: Cluster, servesClients: Bool = true) throws -> SharedCluster {
        let probes = ProbeLoop(MultiThreadedEventLoopGroup.singleton.next())
        return try SharedCluster(
            cluster,
            statistics: ClusterStatistics(),
            accounts: MirrorAccounts(),
            mirroring: MirroringOptions(),
            environment: ClusterEnvironment(
                logger: Logger(label: "test"),
                runtime: { .empty },
                probes: probes,
                mirrorProbes: probes
            ),
            servesClients: servesClients
        )
    }

    @Test func `every address of every name is an endpoint`() async throws {
        let addresses = ["a": ["192.0.2.1", "192.0.2.2"], "b": ["192.0.2.3"]]
        let hosts = try await watch([cluster("a", "b")]) { endpoint, _ in
            try (addresses[endpoint.host] ?? []).map { try SocketAddress(ipAddress: $0, port: Int(endpoint.port)) }
        }
        #expect(hosts[0].compactMap(\.address.ipAddress) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
    }

    @Test func `a name that does not resolve leaves the others of its cluster alone`() async throws {
        let hosts = try await watch([cluster("bad", "good")]) { endpoint, _ in
            guard endpoint.host == "good" else { throw NoSuchName() }
            return [try SocketAddress(ipAddress: "192.0.2.1", port: 80)]
        }
        #expect(hosts[0].map(\.address.ipAddress) == ["192.0.2.1"])
    }

    @Test func `a name server that never answers delays the start by no more than the bound`() async throws {
        let gate = ConditionLock(value: false)
        defer {
            gate.lock()
            gate.unlock(withValue: true)
        }
        let hosts = try await watch([cluster("dead"), cluster("good")], bound: .milliseconds(200)) { endpoint, _ in
            if endpoint.host == "dead" {
                gate.lock(whenValue: true)
                gate.unlock()
                throw NoSuchName()
            }
            return [try SocketAddress(ipAddress: "192.0.2.1", port: 80)]
        }
        #expect(hosts[0].isEmpty)
        #expect(hosts[1].count == 1)
    }

    @Test func `addresses do not wait behind names that nobody answers for`() async throws {
        let gate = ConditionLock(value: false)
        defer {
            gate.lock()
            gate.unlock(withValue: true)
        }
        var fixed = cluster("fixed")
        fixed.discovery = .static
        // As many dead names as there are threads.
        let hosts = try await watch([cluster("dead1"), cluster("dead2"), fixed], bound: .milliseconds(200)) {
            endpoint,
            _ in
            if endpoint.host != "fixed" {
                gate.lock(whenValue: true)
                gate.unlock()
                throw NoSuchName()
            }
            return [try SocketAddress(ipAddress: "192.0.2.1", port: 80)]
        }
        #expect(hosts.map(\.count) == [0, 0, 1])
    }

    @Test func `added hosts are asked before DNS`() throws {
        let resolver = NameResolver(hosts: ["service1": "127.83.0.1"])
        let addresses = try resolver.resolve(SocketEndpoint(host: "service1", port: 8080), family: .auto)
        #expect(addresses == [try SocketAddress(ipAddress: "127.83.0.1", port: 8080)])
    }

    @Test(.timeLimit(.minutes(5)))
    func `names of mirrors that nobody answers for never hold up the others, however many they are`() async throws {
        let gate = ConditionLock(value: false)
        defer {
            gate.lock()
            gate.unlock(withValue: true)
        }
        var often = cluster("primary")
        var options = Self.hourly
        options.refreshRate = .milliseconds(1)
        often.discovery = .strictDNS(options)
        let primary = try Self.shared(often)
        let mirrors = try (0..<8).map { try Self.shared(cluster("dead\($0)"), servesClients: false) }
        let threads = ResolverThreads()
        let discovery = ClusterDiscovery(threads: threads, logger: Logger(label: "test")) { endpoint, _ in
            if endpoint.host != "primary" {
                gate.lock(whenValue: true)
                gate.unlock()
                throw NoSuchName()
            }
            return [try SocketAddress(ipAddress: "192.0.2.1", port: 80)]
        }
        var watchers = await discovery.watch(mirrors, bound: .milliseconds(1))
        watchers += await discovery.watch([primary], bound: .seconds(3600))
        #expect(primary.hostList.hosts.count == 1)
        // Again and again, while every thread for mirrors is stuck.
        try await eventually("more resolutions") { primary.statistics.updateSuccesses.current > 10 }
        for watcher in watchers { watcher.cancel() }
        threads.shutDown()
    }

    @Test func `names of mirrors are asked for by threads of their own`() throws {
        let threads = ResolverThreads()
        let mirror = try Self.shared(cluster("mirror"), servesClients: false)
        let primary = try Self.shared(cluster("primary"))
        #expect(threads.pool(for: mirror) !== threads.pool(for: primary))
        let other = try Self.shared(cluster("other"))
        #expect(threads.pool(for: other) === threads.pool(for: primary))
        threads.shutDown()
    }
}

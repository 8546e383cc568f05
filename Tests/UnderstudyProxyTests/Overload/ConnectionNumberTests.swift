// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many connections a listener, a filter and the whole process accept.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct ConnectionNumberTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"
    private static let listener = "listener.127.0.0.1_0"

    private func serve(
        _ change: (inout ServerConfiguration) -> Void,
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        try await RunningServer.run(mirrors: [], { configuration, _ in change(&configuration) }, body)
    }

    private static func runtime(_ key: String, _ number: UInt64) -> [RuntimeLayer] {
        let value = RuntimeValue(text: "\(number)", integer: number)
        return [RuntimeLayer(name: "s", kind: .static([key: value])), RuntimeLayer(name: "a", kind: .admin)]
    }

    private static func connections(_ maximum: Int) -> OverloadOptions {
        OverloadOptions(
            monitors: [
                .init("envoy.resource_monitors.global_downstream_max_connections", .connections(maximum: maximum))
            ]
        )
    }

    /// Two clients have a place, a third has none until one of them has left.
    private func expectTwo(_ proxy: RunningServer, counted name: String) async throws {
        let first = try await proxy.connect()
        let second = try await proxy.connect()
        for client in [first, second] { #expect(try await client.ask(Self.get).status == 200) }
        try await proxy.expectRefusal()
        #expect(proxy.statistic(name) == 1)
        #expect(try await first.ask(Self.get).status == 200)
        first.close()
        try await eventually("one connection") { proxy.statistic("\(Self.listener).downstream_cx_active") == 1 }
        #expect(try await proxy.ask().status == 200)
        #expect(try await second.ask(Self.get).status == 200)
    }

    @Test func `a listener has as many connections as the runtime says`() async throws {
        try await serve({
            $0.runtime = Self.runtime("envoy.resource_limits.listener.main.connection_limit", 2)
        }) { proxy async throws in
            try await expectTwo(proxy, counted: "\(Self.listener).downstream_cx_overflow")
            #expect(proxy.statistic("\(Self.listener).downstream_cx_total") == 3)
            try await proxy.server.runtime.modifyRuntime([
                ("envoy.resource_limits.listener.main.connection_limit", "0")
            ])
            try await proxy.expectRefusal()
            #expect(proxy.statistic("\(Self.listener).downstream_cx_overflow") == 2)
        }
    }

    @Test func `all listeners together have as many connections as the overload manager says`() async throws {
        try await serve({ $0.overload = Self.connections(2) }) { proxy async throws in
            try await expectTwo(proxy, counted: "\(Self.listener).downstream_global_cx_overflow")
            #expect(proxy.statistic("overload.envoy.resource_monitors.global_downstream_max_connections.pressure") == 0)
        }
    }

    @Test func `the older runtime key bounds them where the overload manager does not`() async throws {
        try await serve({
            $0.runtime = Self.runtime("overload.global_downstream_max_connections", 2)
        }) { proxy async throws in
            try await expectTwo(proxy, counted: "\(Self.listener).downstream_global_cx_overflow")
        }
    }

    @Test func `a listener that ignores the limit neither counts nor is refused`() async throws {
        try await serve({
            $0.overload = Self.connections(1)
            var exempt = $0.listeners[0]
            exempt.name = "exempt"
            exempt.ignoresGlobalLimit = true
            $0.listeners.insert(exempt, at: 0)
        }) { proxy async throws in
            var clients: [RawConnection] = []
            for _ in 0..<3 {
                let client = try await proxy.connect()
                #expect(try await client.ask(Self.get).status == 200)
                clients.append(client)
            }
            #expect(proxy.statistic("\(Self.listener).downstream_global_cx_overflow") == 0)
        }
    }

    @Test func `connections stay counted through a reload`() async throws {
        try await serve({ $0.overload = Self.connections(1) }) { proxy async throws in
            let client = try await proxy.connect()
            #expect(try await client.ask(Self.get).status == 200)
            var configuration = proxy.server.snapshot.configuration
            configuration.listeners[0].connectionManager.serverName = "another"
            try await proxy.server.replace(with: configuration, time: 0)
            try await proxy.expectRefusal()
            #expect(try await client.ask(Self.get).status == 200)
            configuration.overload = Self.connections(2)
            try await proxy.server.replace(with: configuration, time: 0)
            #expect(try await proxy.ask().status == 200)
        }
    }

    // MARK: The filter

    @Test func `the filter closes connections beyond its number`() async throws {
        try await serve({
            $0.listeners[0].connectionLimits = [
                ConnectionLimit(statPrefix: "wide", maximum: 3), ConnectionLimit(statPrefix: "narrow", maximum: 2),
            ]
        }) { proxy async throws in
            try await expectTwo(proxy, counted: "connection_limit.narrow.limited_connections")
            #expect(proxy.statistic("connection_limit.wide.limited_connections") == 0)
            try await eventually("one connection") {
                proxy.statistic("connection_limit.wide.active_connections") == 1
                    && proxy.statistic("connection_limit.narrow.active_connections") == 1
            }
            // As in Envoy it was a connection of the listener and of the manager, but spoke no HTTP.
            #expect(proxy.statistic("\(Self.listener).downstream_cx_total") == 4)
            #expect(proxy.statistic("http.test.downstream_cx_total") == 4)
            #expect(proxy.statistic("http.test.downstream_cx_http1_total") == 3)
            #expect(proxy.statistic("http.test.downstream_cx_active") == 1)
        }
    }

    @Test func `a connection that is refused with a delay stays open for so long, and is not served`() async throws {
        try await serve({
            var limit = ConnectionLimit(statPrefix: "l", maximum: 1)
            limit.delay = .milliseconds(200)
            $0.listeners[0].connectionLimits = [limit]
        }) { proxy async throws in
            let first = try await proxy.connect()
            #expect(try await first.ask(Self.get).status == 200)
            let begin = ContinuousClock.now
            let second = try await proxy.connect()
            second.push(Self.get)
            let seen = try await second.end()
            #expect(seen.messages.isEmpty)
            #expect(ContinuousClock.now - begin >= .milliseconds(180))
            #expect(proxy.statistic("connection_limit.l.limited_connections") == 1)
            #expect(try await first.ask(Self.get).status == 200)
        }
    }

    @Test func `a filter that is switched off refuses and counts nothing`() async throws {
        try await serve({
            var limit = ConnectionLimit(statPrefix: "l", maximum: 1)
            limit.isEnabled = RuntimeSwitch(false, key: "limit")
            $0.listeners[0].connectionLimits = [limit]
            $0.runtime = [RuntimeLayer(name: "a", kind: .admin)]
        }) { proxy async throws in
            let clients = [try await proxy.connect(), try await proxy.connect()]
            for client in clients { #expect(try await client.ask(Self.get).status == 200) }
            #expect(proxy.statistic("connection_limit.l.active_connections") == 0)
            try await proxy.server.runtime.modifyRuntime([("limit", "true")])
            let counted = try await proxy.connect()
            #expect(try await counted.ask(Self.get).status == 200)
            try await proxy.expectRefusal()
            #expect(proxy.statistic("connection_limit.l.active_connections") == 1)
        }
    }
}

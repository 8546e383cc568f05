// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Another configuration while clients are served: nobody notices, and a bad one changes nothing.

internal import TestSupport
internal import Testing

@Suite(.timeLimit(.minutes(5)))
struct ReloadTests {
    private static let get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"

    /// Routes everything to `a` or to `b`, of which only one is configured.
    private func configuration(to name: String, _ upstream: ScriptedUpstream) -> ProxyConfiguration {
        var configuration = ProxyConfiguration(
            routes: [.init("/", to: name)],
            clusters: [.init(name, ports: [upstream.port])]
        )
        configuration.hasAdmin = true
        return configuration
    }

    private func serve(
        first: UpstreamBehaviour = .answers("a"),
        _ arguments: [String] = [],
        _ body: (OperatedProxy, [ProxyConfiguration], [ScriptedUpstream]) async throws -> Void
    ) async throws {
        let upstreams = [try await ScriptedUpstream.start(first), try await ScriptedUpstream.start(.answers("b"))]
        let configurations = [configuration(to: "a", upstreams[0]), configuration(to: "b", upstreams[1])]
        try await OperatedProxy.run(configurations[0], arguments) {
            try await body($0, configurations, upstreams)
        }
        for upstream in upstreams { await upstream.stop() }
    }

    // MARK: Under load

    /// What clients have seen so far.
    private struct Load: Sendable {
        var isOver = false
        var bodies: [String: Int] = [:]
        var faults: [String] = []
    }

    /// Asks again and again, on one connection or on a new one each time.
    private static func load(_ load: Watched<Load>, port: Int, isKeptAlive: Bool) async {
        var client: RawConnection?
        while !load.current.isOver {
            do {
                let connection: RawConnection
                if let client { connection = client } else { connection = try await RawConnection.connect(to: port) }
                let answer = try await connection.ask(get)
                load.update { $0.bodies["\(answer.status) \(answer.body)", default: 0] += 1 }
                client = isKeptAlive && answer.value("connection") == nil ? connection : nil
                if client == nil { connection.close() }
                // No more than a few hundred a second.
                try await Task.sleep(for: .milliseconds(4))
            } catch {
                client = nil
                load.update { $0.faults.append("\(error)") }
            }
        }
        client?.close()
    }

    @Test func `no client notices that routes, clusters, mirrors and listeners come and go`() async throws {
        try await serve { proxy, configurations, upstreams async throws in
            let load = Watched(Load())
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<4 {
                    tasks.addTask { await Self.load(load, port: proxy.port, isKeptAlive: number % 2 == 0) }
                }
                defer { load.update { $0.isOver = true } }
                for number in 1...24 {
                    var next = configurations[number % 2]
                    if number % 3 == 0 {
                        next.clusters.append(.init("copies", ports: [upstreams[0].port]))
                        next.routes[0].mirrors = ["copies"]
                    }
                    if number % 4 < 2 { next.furtherListeners = ["second"] }
                    try await proxy.reload(next)
                    let body = number % 2 == 0 ? "a" : "b"
                    let fresh = try await proxy.connect()
                    #expect(try await fresh.ask(Self.get).body == body, "reload \(number)")
                    fresh.close()
                    let seen = load.current.bodies["200 \(body)", default: 0]
                    try await load.wait("clients of reload \(number)") { $0.bodies["200 \(body)", default: 0] > seen }
                    try await check(proxy, hasSecond: number % 4 < 2)
                }
            }
            #expect(load.current.faults == [])
            #expect(Set(load.current.bodies.keys) == ["200 a", "200 b"])
            #expect(try await proxy.statistic("server.configuration_reload_success") == 24)
            #expect(try await proxy.statistic("server.configuration_reload_failure") == 0)
        }
    }

    private func check(_ proxy: OperatedProxy, hasSecond: Bool) async throws {
        let lines = try await proxy.admin("/listeners").body.split(separator: "\n")
        let second = lines.first { $0.hasPrefix("second::") }
        #expect((second != nil) == hasSecond)
        #expect(lines.count == (hasSecond ? 2 : 1))
        guard let port = second?.split(separator: ":").last.flatMap({ Int($0) }) else { return }
        let client = try await RawConnection.connect(to: port)
        #expect(try await client.ask(Self.get).status == 200)
        client.close()
    }

    // MARK: In flight

    @Test func `a request in flight ends on the configuration it began with`() async throws {
        try await serve(first: .silent) { proxy, configurations, upstreams async throws in
            let client = try await proxy.connect()
            try await client.send("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nabc")
            try await upstreams[0].body(3)
            try await proxy.reload(configurations[1])
            let other = try await proxy.connect()
            #expect(try await other.ask(Self.get).body == "b")
            try await client.send("def")
            try await upstreams[0].complete(1)
            try await upstreams[0].connection().send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na")
            #expect(try await client.answer().body == "a")
            // The same connection is served by the new one from here on.
            #expect(try await client.ask(Self.get).body == "b")
            try await upstreams[0].end()
        }
    }

    @Test func `clients of a listener that is gone are told to leave`() async throws {
        try await serve { proxy, configurations, _ async throws in
            var two = configurations[0]
            two.furtherListeners = ["second"]
            try await proxy.reload(two)
            let lines = try await proxy.admin("/listeners").body.split(separator: "\n")
            let port = try #require(lines.last?.split(separator: ":").last.flatMap { Int($0) })
            let client = try await RawConnection.connect(to: port)
            #expect(try await client.ask(Self.get).value("connection") == nil)
            try await proxy.reload(configurations[0])
            await #expect(throws: (any Error).self) { try await RawConnection.connect(to: port) }
            let last = try await client.ask(Self.get)
            #expect(last.status == 200)
            #expect(last.value("connection") == "close")
            try await client.end()
        }
    }

    // MARK: Refusals

    @Test func `a broken file is refused with its place, and the one before it serves on`() async throws {
        try await serve { proxy, configurations, _ async throws in
            let good = configurations[1].yaml
            let broken = good.replacing("prefix:", with: "prefixx:")
            let lines = broken.split(separator: "\n", omittingEmptySubsequences: false)
            let number = try #require(lines.firstIndex { $0.contains("prefixx") }) + 1
            try await proxy.reload(broken, expecting: OperatedProxy.refused)
            let place = "\(proxy.path):\(number):"
            let line = try await proxy.line(place)
            #expect(line.contains("static_resources.listeners[0]"))

            let client = try await proxy.connect()
            #expect(try await client.ask(Self.get).body == "a")
            let information = try await proxy.admin("/server_info").body
            #expect(information.contains("REFUSED") && information.contains("prefixx"))
            #expect(try await proxy.statistic("server.configuration_reload_attempt") == 1)
            #expect(try await proxy.statistic("server.configuration_reload_failure") == 1)

            try await proxy.reload(good)
            #expect(try await client.ask(Self.get).body == "b")
            #expect(try await proxy.admin("/server_info").body.contains("LOADED"))
            #expect(try await proxy.statistic("server.configuration_reload_success") == 1)
        }
    }

    @Test func `a listener that cannot be opened refuses the whole configuration`() async throws {
        try await serve { proxy, configurations, upstreams async throws in
            let taken = upstreams[1].port
            let text = configurations[1].yaml.replacing(
                "port_value: 0 }\n    filter",
                with: "port_value: \(taken) }\n    filter"
            )
            #expect(text != configurations[1].yaml)
            try await proxy.reload(text, expecting: OperatedProxy.refused)
            let client = try await proxy.connect()
            #expect(try await client.ask(Self.get).body == "a")
            #expect(try await proxy.admin("/server_info").body.contains("cannot listen on"))
            #expect(try await proxy.admin("/clusters").body.contains("b::") == false)
        }
    }

    // MARK: --watch

    @Test func `a file that is written anew is loaded`() async throws {
        try await serve(["--watch"]) { proxy, configurations, _ async throws in
            _ = try proxy.folder.write("envoy.yaml", configurations[1].yaml)
            _ = try await proxy.line(OperatedProxy.loaded)
            let client = try await proxy.connect()
            #expect(try await client.ask(Self.get).body == "b")
        }
    }

    @Test func `a ConfigMap whose link is swapped is loaded`() async throws {
        let upstreams = [
            try await ScriptedUpstream.start(.answers("a")), try await ScriptedUpstream.start(.answers("b")),
        ]
        try await Folder.with { folder in
            for (name, upstream) in zip(["..a", "..b"], upstreams) {
                try folder.makeFolder(name)
                _ = try folder.write("\(name)/envoy.yaml", configuration(to: "x", upstream).yaml)
            }
            try folder.link("..data", to: "..a")
            let path = try folder.link("envoy.yaml", to: "..data/envoy.yaml")
            try await OperatedProxy.run(folder, path: path, ["--watch"]) { proxy async throws in
                let client = try await proxy.connect()
                #expect(try await client.ask(Self.get).body == "a")
                try folder.link("..data", to: "..b")
                _ = try await proxy.line(OperatedProxy.loaded)
                #expect(try await client.ask(Self.get).body == "b")
            }
        }
        for upstream in upstreams { await upstream.stop() }
    }
}

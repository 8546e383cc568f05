// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Starts the sandbox's parts in one process, and ends them.

internal import Logging
internal import NIOCore
internal import NIOPosix
internal import UnderstudyConfig
internal import UnderstudyCore
internal import UnderstudyHTTP
internal import UnderstudyProxy

enum SandboxProcess {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs everything until a signal.
    static func run(port: Int) async throws {
        let log = SandboxLog(usesColour: StandardStream.output.isTerminal)
        try await withServices(report: { log.write($0, line: $1) }) { hosts in
            try await Signals.cancelling {
                try await serve(port: port, hosts: hosts, drainTime: .seconds(5)) { address in
                    StandardStream.output.write(invitation(port: address.port ?? port))
                }
            }
        }
    }

    /// Runs everything, plays the steps against it, and ends.
    ///
    /// - Returns: Whether every step was as it should be.
    static func check(port: Int) async throws -> Bool {
        let (records, continuation) = AsyncStream<SandboxRecord>.makeStream()
        let log = SandboxRecords(records)
        return try await withServices(report: { record, _ in continuation.yield(record) }) { hosts in
            try await withThrowingTaskGroup(of: Bool?.self) { tasks in
                let (started, listening) = AsyncStream<Int>.makeStream()
                tasks.addTask {
                    try await serve(port: port, hosts: hosts, drainTime: .seconds(1)) { address in
                        listening.yield(address.port ?? port)
                    }
                    return nil
                }
                tasks.addTask {
                    for await port in started { return await SandboxCheck(port: port, records: log).run() }
                    return false
                }
                defer { tasks.cancelAll() }
                while let result = try await tasks.next() {
                    if let result { return result }
                }
                return false
            }
        }
    }

    /// Runs one service alone until a signal, as a container of the example does.
    static func runService(_ name: SandboxServiceName, listen: ListenAddress) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // Under its own name: whoever collects the logs of several processes says which is whose.
        let service = SandboxService(name: name) { StandardStream.output.write("Host: \($0.host)\n\($1)\n") }
        let address = try SocketAddress(ipAddress: listen.host, port: listen.port)
        let server: PlainServer
        do {
            server = try await service.start(on: address, eventLoop: group.next())
        } catch {
            try await group.shutdownGracefully()
            throw Failure(description: "cannot listen on \(listen.host):\(listen.port): \(reason(error))")
        }
        StandardStream.output.write("\(name.name) listens on \(server.localAddress.map(AddressText.text) ?? "?")\n")
        try await Signals.cancelling { await Cancellation.wait() }
        try await server.stop()
        try await group.shutdownGracefully()
    }

    // MARK: Parts

    /// Runs `body` while the four services serve.
    private static func withServices<Result: Sendable>(
        report: @escaping @Sendable (SandboxRecord, String) -> Void,
        _ body: (_ hosts: [String: String]) async throws -> Result
    ) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (servers, hosts) = try await startServices(group, report)
        let result: Result
        do {
            result = try await body(hosts)
        } catch {
            try await stop(servers, group)
            throw error
        }
        try await stop(servers, group)
        return result
    }

    private static func stop(_ servers: [PlainServer], _ group: MultiThreadedEventLoopGroup) async throws {
        for server in servers { try await server.stop() }
        try await group.shutdownGracefully()
    }

    /// Starts the services on the first block of loopback addresses that is free.
    private static func startServices(
        _ group: MultiThreadedEventLoopGroup,
        _ report: @escaping @Sendable (SandboxRecord, String) -> Void
    ) async throws -> ([PlainServer], [String: String]) {
        var lastError: (any Error)?
        for block in 0..<16 {
            var servers: [PlainServer] = []
            var hosts: [String: String] = [:]
            do {
                let addresses = LoopbackAddresses.block(block, count: SandboxServiceName.all.count)
                for (name, host) in zip(SandboxServiceName.all, addresses) {
                    let address = try SocketAddress(ipAddress: host, port: SandboxServiceName.port)
                    let service = SandboxService(name: name, report: report)
                    servers.append(try await service.start(on: address, eventLoop: group.next()))
                    hosts[name.name] = host
                }
                return (servers, hosts)
            } catch {
                for server in servers { try? await server.stop() }
                lastError = error
            }
        }
        try await group.shutdownGracefully()
        let why = lastError.map(reason) ?? "unknown"
        throw Failure(
            description: "no loopback address has port \(SandboxServiceName.port) free for the services: \(why)"
        )
    }

    private static func serve(
        port: Int,
        hosts: [String: String],
        drainTime: TimeAmount,
        isListening: @escaping @Sendable (SocketAddress) -> Void
    ) async throws {
        let source = ConfigurationSource.inline(SandboxConfiguration.envoyYAML, name: "envoy.yaml")
        var configuration = try ConfigurationReport.load(source, allowsUnknownFields: false)
        configuration.listeners[0].address.port = UInt16(port)
        var options = ProxyServer.Options()
        options.hosts = hosts
        options.drainTime = drainTime
        let logger = try LogSystem(level: .warning).logger(.main)
        let server = try await ProxyServer(configuration, options: options, logger: logger)
        do {
            try await server.run { addresses in
                for address in addresses { isListening(address) }
            }
        } catch let failure as ProxyServer.BindFailure {
            throw Failure(description: "\(failure)")
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { SystemErrorText.text($0.errnoCode) } ?? "\(error)"
    }

    private static func invitation(port: Int) -> String {
        """
        The front proxy listens on port \(port). Every request to /service/1 is copied to service1-mirror.
        In another terminal, try:

            curl localhost:\(port)/service/1
            curl --header "x-mirror-cluster: service2-mirror" localhost:\(port)/service/2
            curl localhost:\(port)/service/2

        What the services see appears below. Control-C ends the sandbox.


        """
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From a checked configuration to a running proxy, and to its orderly end.

internal import ArgumentParser
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import UnderstudyAdmin
internal import UnderstudyCore
internal import UnderstudyHTTP
internal import UnderstudyProxy

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Everything that one run has.
struct Serving: Sendable {
    let origin: ConfigurationOrigin
    let options: RunOptionValues
    let logs: LogSystem
    let server: ProxyServer
    private let start = UnixTime.now

    /// Serves until a signal asks for the end.
    ///
    /// - Throws: `ExitCode.failure` after one line on standard error, if a listener or a log cannot be opened.
    static func run(
        _ configuration: ServerConfiguration,
        from origin: ConfigurationOrigin,
        options: RunOptions,
        values: RunOptionValues
    ) async throws {
        DescriptorLimit.raise()
        let logs = try makeLogs(options)
        defer { logs.flush() }
        let logger = logs.logger(.main)
        if !options.accepted.missed.isEmpty {
            let flags = options.accepted.missed.joined(separator: " ")
            logger.warning("flags without effect", metadata: ["flags": "\(flags)"])
        }
        var configuration = configuration
        origin.adjust(&configuration)
        do {
            var serverOptions = options.serverOptions
            serverOptions.descriptors = DescriptorLimit.current
            serverOptions.upstreamLogger = logs.logger(.upstream)
            serverOptions.listenerLogger = logs.logger(.listener)
            serverOptions.runtimeLogger = logs.logger(.runtime)
            let server = try await ProxyServer(configuration, options: serverOptions, logger: logger)
            let serving = Serving(origin: origin, options: values, logs: logs, server: server)
            try await serving.run()
        } catch let failure as ProxyServer.BindFailure {
            throw failed("\(failure)", logs)
        } catch let failure as AdminAddressFile.Failure {
            throw failed("\(failure)", logs)
        }
        logger.info("all requests have ended, exiting")
    }

    private static func failed(_ text: String, _ logs: LogSystem) -> ExitCode {
        logs.flush()
        StandardStream.error.write("understudy: \(text)\n")
        return ExitCode.failure
    }

    private static func makeLogs(_ options: RunOptions) throws -> LogSystem {
        do {
            return try options.log.makeSystem()
        } catch let failure as LogFile.Failure {
            StandardStream.error.write("understudy: \(failure)\n")
            throw ExitCode.failure
        }
    }
}

/// The options that are still needed once the run has begun.
struct RunOptionValues: Sendable {
    let adminAddressPath: String?
    let watchesConfiguration: Bool
    /// As `/server_info` lists it.
    let commandLine: [(name: String, value: ServerInformation.OptionValue)]
}

extension Serving {
    private func run() async throws {
        let reloader = ConfigurationReloader(origin: origin, server: server, logger: logs.logger(.config))
        let bridge = AdminBridge(server: server, logs: logs, commandLine: options.commandLine, start: start)
        let watcher = options.watchesConfiguration ? origin.watch : nil
        let watching = watcher.map { watcher in Task { await watcher.run { await reloader.reload() } } }
        defer { watching?.cancel() }
        try await Signals.cancelling(actions: [
            SIGHUP: { await reloader.reload() },
            SIGUSR1: { await bridge.reopenLogs() },
        ]) {
            try await serve(bridge)
        }
    }

    /// The proxy, and beside it the admin server if there is one.
    ///
    /// The admin server outlives the drain.
    private func serve(_ bridge: AdminBridge) async throws {
        guard let endpoint = server.snapshot.configuration.admin else { return try await serveClients() }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let address = try SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port))
            let subject = AdminSubject(
                view: bridge,
                control: bridge,
                mirrors: server,
                runtime: server.runtime,
                logs: logs.levels
            )
            let log = try server.adminLog(on: group.any())
            let admin = AdminServer(subject, counters: bridge.counters, accessLog: log?.write)
            try await admin.run(on: address, eventLoop: group.any()) { address in
                let text = address.map(AddressText.text) ?? "-"
                logs.logger(.admin).info("admin listening", metadata: ["address": "\(text)"])
                if let path = options.adminAddressPath { try AdminAddressFile.write(text, to: path) }
                try await serveClients()
            }
        } catch let error as IOError {
            try await group.shutdownGracefully()
            let reason = SystemErrorText.text(error.errnoCode)
            throw ProxyServer.BindFailure(description: "cannot listen on \(endpoint) for admin: \(reason)")
        }
        try await group.shutdownGracefully()
    }

    private func serveClients() async throws {
        let logger = logs.logger(.listener)
        let listeners = server.snapshot.configuration.listeners
        try await server.run { addresses in
            for (listener, address) in zip(listeners, addresses) {
                let address = AddressText.text(address)
                logger.info("listening", metadata: ["listener": "\(listener.name)", "address": "\(address)"])
            }
        }
    }
}

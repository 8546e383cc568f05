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
internal import UnderstudyProxy

enum Serving {
    /// Serves until a signal asks for the end.
    ///
    /// - Throws: `ExitCode.failure` after one line on standard error, if a listener cannot be opened.
    static func run(_ configuration: ServerConfiguration, options: RunOptions) async throws {
        DescriptorLimit.raise()
        let logs = try makeLogs(options)
        defer { logs.flush() }
        let logger = logs.logger(.main)
        if !options.accepted.missed.isEmpty {
            let flags = options.accepted.missed.joined(separator: " ")
            logger.warning("flags without effect", metadata: ["flags": "\(flags)"])
        }
        let server = try await ProxyServer(configuration, options: options.serverOptions, logger: logger)
        do {
            try await Signals.cancelling { try await serve(server, configuration, options, logs) }
        } catch let failure as ProxyServer.BindFailure {
            logs.flush()
            StandardStream.error.write("understudy: \(failure)\n")
            throw ExitCode.failure
        } catch let failure as AdminAddressFile.Failure {
            logs.flush()
            StandardStream.error.write("understudy: \(failure)\n")
            throw ExitCode.failure
        }
        logger.info("all requests have ended, exiting")
    }
}

extension Serving {
    private static func makeLogs(_ options: RunOptions) throws -> LogSystem {
        do {
            return try options.log.makeSystem()
        } catch let failure as LogFile.Failure {
            StandardStream.error.write("understudy: \(failure)\n")
            throw ExitCode.failure
        }
    }

    /// The proxy, and beside it the admin server if there is one.
    ///
    /// The admin server outlives the drain.
    private static func serve(
        _ server: ProxyServer,
        _ configuration: ServerConfiguration,
        _ options: RunOptions,
        _ logs: LogSystem
    ) async throws {
        let logger = logs.logger(.main)
        guard let endpoint = configuration.admin else {
            return try await serve(server, configuration, logger, drainTime: options.drainTime)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let address = try SocketAddress(ipAddress: endpoint.host, port: Int(endpoint.port))
            let bridge = AdminBridge(server: server)
            let subject = AdminSubject(view: bridge, control: bridge, runtime: server.runtime, logs: logs.levels)
            let admin = AdminServer(subject)
            try await admin.run(on: address, eventLoop: group.next()) { address in
                let text = address.map(AddressText.text) ?? "-"
                logs.logger(.admin).info("admin listening", metadata: ["address": "\(text)"])
                if let path = options.adminAddressPath { try AdminAddressFile.write(text, to: path) }
                try await serve(server, configuration, logger, drainTime: options.drainTime)
            }
        } catch let error as IOError {
            try await group.shutdownGracefully()
            let reason = SystemErrorText.text(error.errnoCode)
            throw ProxyServer.BindFailure(description: "cannot listen on \(endpoint) for admin: \(reason)")
        }
        try await group.shutdownGracefully()
    }

    private static func serve(
        _ server: ProxyServer,
        _ configuration: ServerConfiguration,
        _ logger: Logger,
        drainTime: Int
    ) async throws {
        try await server.run(drainTime: .seconds(Int64(drainTime))) { addresses in
            for (listener, address) in zip(configuration.listeners, addresses) {
                let address = AddressText.text(address)
                logger.info("listening", metadata: ["listener": "\(listener.name)", "address": "\(address)"])
            }
        }
    }
}

enum AddressText {
    /// `address:port`, without the decoration of logs.
    static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

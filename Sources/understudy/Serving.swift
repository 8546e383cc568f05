// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From a checked configuration to a running proxy, and to its orderly end.

internal import ArgumentParser
internal import Logging
internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyProxy

enum Serving {
    /// Serves until a signal asks for the end.
    ///
    /// - Throws: `ExitCode.failure` after one line on standard error, if a listener cannot be opened.
    static func run(_ configuration: ServerConfiguration, options: RunOptions) async throws {
        let logger = options.logger
        let server = try await ProxyServer(configuration, options: options.serverOptions, logger: logger)
        let drainTime = TimeAmount.seconds(Int64(options.drainTime))
        do {
            try await Signals.cancelling {
                try await server.run(drainTime: drainTime) { addresses in
                    for (listener, address) in zip(configuration.listeners, addresses) {
                        logger.info(
                            "listening",
                            metadata: ["listener": "\(listener.name)", "address": "\(AddressText.text(address))"]
                        )
                    }
                }
            }
        } catch let failure as ProxyServer.BindFailure {
            StandardStream.error.write("understudy: \(failure)\n")
            throw ExitCode.failure
        }
        logger.info("all requests have ended, exiting")
    }
}

enum AddressText {
    /// `address:port`, without the decoration of logs.
    static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

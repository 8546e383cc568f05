// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An address on loopback at which connections are neither accepted nor refused.

internal import NIOCore
internal import NIOPosix

/// A listener whose backlog is full.
package final class BlackHole: Sendable {
    package let port: Int
    private let listener: any Channel
    private let fillers: [any Channel]

    private init(port: Int, listener: any Channel, fillers: [any Channel]) {
        self.port = port
        self.listener = listener
        self.fillers = fillers
    }

    private struct NeverFull: Error {}

    package static func open() async throws -> BlackHole {
        let group = MultiThreadedEventLoopGroup.singleton
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = listener.localAddress?.port ?? 0
        var fillers: [any Channel] = []
        while fillers.count < 64 {
            do {
                fillers.append(
                    try await ClientBootstrap(group: group)
                        .connectTimeout(.milliseconds(400))
                        .connect(host: "127.0.0.1", port: port).get()
                )
            } catch {
                return BlackHole(port: port, listener: listener, fillers: fillers)
            }
        }
        throw NeverFull()
    }

    package func close() async {
        for channel in fillers + [listener] { try? await channel.close().get() }
    }
}

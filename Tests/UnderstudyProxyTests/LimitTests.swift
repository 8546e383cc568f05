// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The way of each limit from the model to the connections that keep it.

import NIOCore
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP
@testable import UnderstudyProxy

@Suite struct LimitTests {
    private func limits(_ change: (inout Listener) -> Void) -> ServerLimits {
        let routes = RouteConfiguration(name: "", virtualHosts: [])
        var listener = Listener(
            name: "main",
            address: SocketEndpoint(host: "127.0.0.1", port: 0),
            connectionManager: ConnectionManager(statPrefix: "test", routes: routes)
        )
        change(&listener)
        return ServerLimits(listener.filterChains[0], of: listener)
    }

    @Test func `without a word the defaults count`() throws {
        let limits = self.limits { _ in }
        #expect(limits.bufferedBytes == 256 * 1024 && limits.pipelinedBytes == 64 * 1024)
        #expect(limits.messages.headBytes == 60 * 1024 && limits.messages.headerLines == 100)
        #expect(limits.messages.chunkExtensionBytes == 16 * 1024 && limits.messages.trailerBytes == 16 * 1024)
        #expect(limits.headTime == .seconds(10) && limits.bodyTime == .minutes(5) && limits.idleTime == .hours(1))
        #expect(limits.requestTime == nil && limits.connectionTime == nil && limits.requestsPerConnection == 0)
    }

    @Test func `what a listener says reaches its connections`() {
        let limits = self.limits {
            $0.connectionBufferLimit = 7
            $0.connectionManager.limits.headKilobytes = 2
            $0.connectionManager.limits.headerCount = 3
            $0.connectionManager.limits.requestsPerConnection = 4
            $0.connectionManager.limits.underscores = .rejectRequest
            $0.connectionManager.http1.passesTrailers = true
            $0.connectionManager.timeouts.requestHeaders = .seconds(5)
            $0.connectionManager.timeouts.request = .seconds(6)
            $0.connectionManager.timeouts.streamIdle = .seconds(7)
            $0.connectionManager.timeouts.idle = .seconds(8)
            $0.connectionManager.timeouts.maxConnectionDuration = .seconds(9)
        }
        #expect(limits.bufferedBytes == 7)
        #expect(limits.messages.headBytes == 2048 && limits.messages.trailerBytes == 2048)
        #expect(limits.messages.headerLines == 3 && limits.requestsPerConnection == 4)
        #expect(limits.underscores == .reject)
        #expect(limits.headTime == .seconds(5) && limits.requestTime == .seconds(6))
        #expect(limits.bodyTime == .seconds(7) && limits.idleTime == .seconds(8))
        #expect(limits.connectionTime == .seconds(9))
    }

    @Test func `what a cluster says reaches its connections`() throws {
        var cluster = RunningServer.cluster("c", 1)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        let usual = ConnectionPool.Settings(cluster, address: address)
        #expect(usual.bufferedBytes == 256 * 1024 && usual.messages.headBytes == 60 * 1024)
        #expect(usual.messages.headerLines == 100 && usual.idleTime == .hours(1))
        cluster.connectionBufferLimit = 7
        cluster.responseHeadKilobytes = 2
        cluster.responseHeaderCount = 3
        cluster.requestsPerConnection = 4
        cluster.idleTimeout = .seconds(5)
        let settings = ConnectionPool.Settings(cluster, address: address)
        #expect(settings.bufferedBytes == 7 && settings.messages.headBytes == 2048)
        #expect(settings.messages.headerLines == 3 && settings.requestsPerConnection == 4)
        #expect(settings.idleTime == .seconds(5))
    }
}

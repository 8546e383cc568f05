// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A listener's bounds and an upstream's settings in the terms of the HTTP layer.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension ServerLimits {
    init(_ chain: FilterChain, of listener: Listener) {
        self.init()
        let manager = chain.connectionManager
        bufferedBytes = Self.bufferedBytes(of: listener)
        messages.headBytes = manager.limits.headKilobytes * 1024
        messages.headerLines = manager.limits.headerCount
        headTime = TimeAmount(limit: manager.timeouts.requestHeaders)
        idleTime = TimeAmount(limit: manager.timeouts.idle)
        bodyTime = TimeAmount(limit: manager.timeouts.streamIdle)
        requestTime = TimeAmount(limit: manager.timeouts.request)
        connectionTime = TimeAmount(limit: manager.timeouts.maxConnectionDuration)
        drainTime = TimeAmount(manager.timeouts.drain)
        lingerTime = TimeAmount(manager.timeouts.delayedClose)
        requestsPerConnection = manager.limits.requestsPerConnection
        underscores =
            switch manager.limits.underscores {
            case .allow: .allow
            case .rejectRequest: .reject
            case .dropHeader: .drop
            }
        version = manager.version
        http1 = HTTP1Settings(manager.http1)
        http2 = HTTP2Settings(manager.http2)
        // Envoy counts trailers as it counts heads.
        if http1.passesTrailers { messages.trailerBytes = messages.headBytes }
    }
}

extension ServerLimits {
    /// Bytes that may wait for a client that does not read.
    ///
    /// Zero asks Envoy for no limit at all; here it leaves the default one.
    static func bufferedBytes(of listener: Listener) -> Int {
        guard let bytes = listener.connectionBufferLimit, bytes > 0 else { return ServerLimits().bufferedBytes }
        return bytes
    }
}

extension ConnectionPool.Settings {
    init(_ cluster: Cluster, address: SocketAddress) {
        self.init(address: address, connectTimeout: TimeAmount(cluster.connectTimeout))
        if let limit = cluster.connectionBufferLimit, limit > 0 { bufferedBytes = limit }
        idleTime = TimeAmount(limit: cluster.idleTimeout)
        requestsPerConnection = cluster.requestsPerConnection
        messages.headBytes = cluster.responseHeadKilobytes * 1024
        messages.headerLines = cluster.responseHeaderCount
        keepalive = cluster.keepalive
        http1 = HTTP1Settings(cluster.http1)
        http2 = HTTP2Settings(cluster.http2)
        http2.messages = messages
    }
}

extension HTTP1Settings {
    init(_ options: HTTP1Options) {
        self.init()
        acceptsHTTP10 = options.acceptsHTTP10
        defaultHost = Array(options.defaultHost.utf8)
        passesTrailers = options.passesTrailers
        sendsAbsoluteTarget = options.sendsAbsoluteTarget
        headerCase =
            switch options.headerCase {
            case .lower: .lower
            case .proper: .proper
            case .preserved: .preserved
            }
    }
}

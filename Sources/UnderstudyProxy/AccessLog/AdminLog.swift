// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The access log of the admin server.

public import NIOCore
internal import UnderstudyCore
public import UnderstudyHTTP

/// - Source: Envoy `Bootstrap.admin.access_log`.
public final class AdminLog: Sendable {
    private let logs: OpenLogs
    private let registry: AccessLogRegistry
    private let buffers: NIOLoopBoundBox<AccessLogBuffers?>
    private let eventLoop: any EventLoop
    private let runtime: @Sendable () -> RuntimeSnapshot

    init(
        _ logs: OpenLogs,
        registry: AccessLogRegistry,
        runtime: @escaping @Sendable () -> RuntimeSnapshot,
        eventLoop: any EventLoop
    ) {
        self.logs = logs
        self.registry = registry
        self.runtime = runtime
        self.eventLoop = eventLoop
        buffers = NIOLoopBoundBox.makeEmptyBox(eventLoop: eventLoop)
    }

    /// Called on the admin server's event loop.
    public func write(_ access: PlainAccess) {
        let buffers = self.buffers.value ?? registry.buffers(on: eventLoop)
        self.buffers.value = buffers
        var facts = ExchangeFacts()
        facts.logType = "DownstreamEnd"
        facts.status = access.status
        facts.startTime = access.begin
        facts.elapsed = access.duration
        facts.bytesReceived = access.request.bodyLength
        facts.bytesSent = access.bodyLength
        facts.directRemote = NetworkAddress(host: Array(access.request.peer.utf8), port: 0)
        facts.remote = facts.directRemote
        logs.write(
            request: access.head,
            response: nil,
            facts: facts,
            to: buffers,
            random: UInt64.random(in: .min ... .max),
            runtime: runtime()
        )
    }
}

extension ProxyServer {
    /// The admin server's log; `nil` if the configuration has none.
    public func adminLog(on eventLoop: any EventLoop) throws(BindFailure) -> AdminLog? {
        let configured = snapshot.configuration.adminLogs
        guard !configured.isEmpty else { return nil }
        do throws(AccessLogFault) {
            let logs = try OpenLogs(configured, self.logs)
            return AdminLog(logs, registry: self.logs, runtime: { [runtime] in runtime.snapshot }, eventLoop: eventLoop)
        } catch {
            throw BindFailure(description: error.description)
        }
    }
}

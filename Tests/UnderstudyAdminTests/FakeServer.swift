// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A server for the admin endpoints to show and change, without a proxy around it.

import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import UnderstudyAdmin
import UnderstudyCore
import UnderstudyHTTP

/// Shows what it is given, and notes what is asked of it.
final class FakeServer: ServerView, ServerControl, MirrorControl, RuntimeControl, LogControl {
    struct Shown: Sendable {
        var information = ServerInformation()
        var clusters: [ClusterStatus] = []
        var listeners: [ListenerStatus] = []
        var certificates: [CertificateStatus] = []
        var document = ConfigurationDocument()
        var memory = MemoryStatus()
        var statistics: [StatisticsScope] = []
        var mirroring = MirroringStatus()
        var levels: [(String, LogLevel)] = [("admin", .info), ("http", .info), ("upstream", .info)]
        var layers = RuntimeLayers([])
    }

    private let shown: Mutex<Shown>
    private let asked = Mutex<[String]>([])

    init(_ shown: Shown = Shown()) {
        self.shown = Mutex(shown)
    }

    convenience init(layers: [RuntimeLayer]) {
        var shown = Shown()
        shown.layers = RuntimeLayers(layers)
        self.init(shown)
    }

    var requests: [String] { asked.withLock { $0 } }
    private func note(_ request: String) { asked.withLock { $0.append(request) } }

    var information: ServerInformation { shown.withLock { $0.information } }
    func clusterStatuses() -> [ClusterStatus] { shown.withLock { $0.clusters } }
    func listenerStatuses() -> [ListenerStatus] { shown.withLock { $0.listeners } }
    func certificates() -> [CertificateStatus] { shown.withLock { $0.certificates } }
    var document: ConfigurationDocument { shown.withLock { $0.document } }
    var memory: MemoryStatus { shown.withLock { $0.memory } }
    func statistics() -> [StatisticsScope] { shown.withLock { $0.statistics } }
    var isReady: Bool { information.state == .live }

    func drainListeners(_ drain: ListenerDrain) async {
        note("drain graceful=\(drain.isGraceful) skip_exit=\(drain.skipsExit) inbound=\(drain.onlyInbound)")
    }
    func failHealthChecks(_ isFailing: Bool) async { note("fail \(isFailing)") }
    func resetCounters() { note("reset") }
    func reopenLogs() async { note("reopen") }
    func quit() { note("quit") }

    func mirroring() -> MirroringStatus { shown.withLock { $0.mirroring } }
    func setMirroring(_ isEnabled: Bool, mirror: String?) async -> MirrorSwitchResult {
        note("mirroring \(isEnabled) \(mirror ?? "all")")
        return shown.withLock { shown in
            guard let mirror else {
                defer { shown.mirroring.isEnabled = isEnabled }
                return shown.mirroring.isEnabled == isEnabled ? .unchanged : .switched
            }
            guard let index = shown.mirroring.clusters.firstIndex(where: { $0.name == mirror }) else {
                return .unknown(shown.mirroring.clusters.map(\.name))
            }
            defer { shown.mirroring.clusters[index].isEnabled = isEnabled }
            return shown.mirroring.clusters[index].isEnabled == isEnabled ? .unchanged : .switched
        }
    }

    func runtimeDocument() -> RuntimeDocument { shown.withLock { $0.layers.document } }
    func modifyRuntime(_ changes: [(key: String, value: String)]) async throws(RuntimeFault) {
        await Task.yield()
        try shown.withLock { shown throws(RuntimeFault) in try shown.layers.modify(changes) }
    }

    var levels: [(component: String, level: LogLevel)] {
        shown.withLock { $0.levels.map { (component: $0.0, level: $0.1) } }
    }
    func setAll(_ level: LogLevel) {
        shown.withLock { shown in shown.levels = shown.levels.map { ($0.0, level) } }
    }
    func set(_ component: String, to level: LogLevel?) -> Bool {
        if component == "hc" { return true }
        return shown.withLock { shown in
            guard let index = shown.levels.firstIndex(where: { $0.0 == component }) else { return false }
            if let level { shown.levels[index].1 = level }
            return true
        }
    }
}

extension FakeServer {
    /// The answers to requests that are sent one after another on one connection.
    func ask(
        accessLog: PlainServer.AccessLog? = nil,
        _ requests: String...
    ) async throws -> [ObservedMessage] {
        let answers = Mutex<[ObservedMessage]>([])
        try await serve(accessLog: accessLog) { port in
            let connection = try await RawConnection.connect(to: port)
            for request in requests {
                let answer = try await connection.ask(request)
                answers.withLock { $0.append(answer) }
            }
        }
        return answers.withLock { $0 }
    }

    func serve(
        accessLog: PlainServer.AccessLog? = nil,
        while body: @Sendable (Int) async throws -> Void
    ) async throws {
        let subject = AdminSubject(view: self, control: self, mirrors: self, runtime: self, logs: self)
        let server = AdminServer(subject, accessLog: accessLog)
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        try await server.run(on: address, eventLoop: MultiThreadedEventLoopGroup.singleton.next()) { address in
            try await body(address?.port ?? 0)
        }
    }

    func get(_ target: String) async throws -> ObservedMessage {
        try #require(try await ask("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").first)
    }

    func post(_ target: String, headers: String = "", _ body: String = "") async throws -> ObservedMessage {
        try #require(try await ask(Self.post(target, headers: headers, body)).first)
    }

    static func post(_ target: String, headers: String = "", _ body: String = "") -> String {
        "POST \(target) HTTP/1.1\r\nHost: a\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// What Envoy 1.40 answered.
enum Recorded {
    static func text(_ name: String) throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }
}

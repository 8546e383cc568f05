// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A stand-in for a team's service: says hello, and says what it was asked.

internal import NIOCore
internal import UnderstudyHTTP

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What one service saw of one request.
struct SandboxRecord: Sendable, Equatable {
    let service: String
    let host: String
    let method: String
    let target: String
}

struct SandboxService: Sendable {
    let name: SandboxServiceName
    /// Told of every request but health checks, on the service's loop.
    let report: @Sendable (SandboxRecord, _ line: String) -> Void

    /// Binds and begins to serve.
    func start(on address: SocketAddress, eventLoop: any EventLoop) async throws -> PlainServer {
        try await PlainServer.start(on: address, eventLoop: eventLoop, serverName: "sandbox") { answer($0) }
    }

    private func answer(_ request: PlainRequest) -> PlainAnswer {
        if request.target == "/healthz" { return PlainAnswer(body: "ok\n") }
        let isService = request.target.hasPrefix("/service/")
        let status = isService ? 200 : 404
        let moment = Timestamp.accessLog(secondsSince1970: max(0, time(nil)))
        let line = "\(request.peer) - - [\(moment)] \"\(request.method) \(request.target) HTTP/1.1\" \(status) -"
        report(
            SandboxRecord(service: name.name, host: request.host, method: request.method, target: request.target),
            line
        )
        guard isService else { return PlainAnswer(status: status, body: "not found\n") }
        return PlainAnswer(body: "Hello from behind Envoy (service \(name.number))!\n")
    }
}

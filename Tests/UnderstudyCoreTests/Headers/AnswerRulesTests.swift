// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the client hears besides the upstream's words, for every way to configure it; all measured on Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct AnswerRulesTests {
    private func finished(
        _ lines: [String],
        request: [String] = ["x-request-id: mine"],
        isInternal: Bool = false,
        keepsUpgrade: Bool = false,
        status: Int = 200,
        _ configure: (inout ConnectionManager) -> Void
    ) throws -> [String] {
        var manager = ConnectionManager(statPrefix: "s", routes: RouteConfiguration(name: "r", virtualHosts: []))
        configure(&manager)
        if isInternal {
            manager.forwarding.internalRanges = [AddressRange(address: [10, 0, 0, 0], prefixLength: 8)]
        }
        var head = RequestHead("GET /", ["host: h", "x-forwarded-for: 10.0.0.1"] + request)
        let peer = PeerFacts(remote: NetworkAddress(), local: NetworkAddress(), proxy: [])
        let origin = try head.sanitise(ForwardingRules(manager), peer: peer, requestID: RequestID(0, 0))
        var answer = ResponseHead(status: status, lines)
        answer.finishForwarding(
            AnswerRules(manager),
            request: head,
            origin: origin,
            date: Array("now".utf8),
            keepsUpgrade: keepsUpgrade
        )
        return answer.headers.texts
    }

    @Test(arguments: [
        (ConnectionManager.ServerHeader.overwrite, [], ["date: now", "server: mine"]),
        (.overwrite, ["server: up", "x-b: 1"], ["server: mine", "x-b: 1", "date: now"]),
        (.appendIfAbsent, [], ["date: now", "server: mine"]),
        (.appendIfAbsent, ["server: up", "x-b: 1"], ["server: up", "x-b: 1", "date: now"]),
        (.passThrough, [], ["date: now"]),
        (.passThrough, ["server: up"], ["server: up", "date: now"]),
    ])
    func `whose name the client reads as server`(
        server: ConnectionManager.ServerHeader,
        lines: [String],
        expected: [String]
    ) throws {
        let result = try finished(lines) {
            $0.serverName = "mine"
            $0.serverHeader = server
        }
        #expect(result == expected)
    }

    @Test(arguments: [
        ([], ["date: now", "server: understudy", "x-request-id: mine"]),
        (["x-request-id: upstreams", "x-a: 1"], ["x-request-id: mine", "x-a: 1", "date: now", "server: understudy"]),
    ])
    func `the request's identifier is told if it is wanted`(lines: [String], expected: [String]) throws {
        #expect(try finished(lines) { $0.requestID.isInResponse = true } == expected)
    }

    @Test func `without an identifier there is none to tell`() throws {
        let result = try finished([], request: []) {
            $0.requestID.isInResponse = true
            $0.requestID.generates = false
        }
        #expect(result == ["date: now", "server: understudy"])
    }

    @Test(arguments: [(true, true), (false, false)])
    func `an internal client that forces a trace hears the identifier`(isInternal: Bool, isTold: Bool) throws {
        let request = ["x-request-id: mine", "x-envoy-force-trace: 1"]
        let result = try finished([], request: request, isInternal: isInternal) { _ in }
        #expect(result.contains("x-request-id: mine") == isTold)
    }

    @Test(arguments: [
        ([], ["date: now", "server: understudy", "via: 1.1 proxy"]),
        (["via: 1.0 up", "x-b: 1"], ["via: 1.0 up, 1.1 proxy", "x-b: 1", "date: now", "server: understudy"]),
    ])
    func `the proxy names itself behind those that the answer passed before`(
        lines: [String],
        expected: [String]
    ) throws {
        #expect(try finished(lines) { $0.forwarding.via = "1.1 proxy" } == expected)
    }

    @Test func `a change of protocol goes on as it came`() throws {
        let lines = ["upgrade: websocket", "connection: Upgrade"]
        let rest = ["date: now", "server: understudy"]
        #expect(try finished(lines, keepsUpgrade: true, status: 101) { _ in } == lines + rest)
        #expect(try finished(lines, status: 101) { _ in } == rest)
        #expect(try finished(["connection: close"], keepsUpgrade: true) { _ in } == rest)
    }

    @Test func `what connection names is gone before anything is added`() {
        var head = ResponseHead(status: 200, ["connection: x-envoy-upstream-service-time, x-a", "x-a: 1"])
        head.addServiceTime(7)
        #expect(head.headers.texts == ["x-envoy-upstream-service-time: 7"])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The primary's answer on its way to the client: what is taken away, added and replaced.

import TestSupport
import Testing
import UnderstudyCore

struct ResponseHeadTests {
    private static let plain = AnswerRules(
        ConnectionManager(statPrefix: "s", routes: RouteConfiguration(name: "r", virtualHosts: []))
    )

    private func prepared(_ lines: [String], status: Int = 200, serviceTime: Int? = nil) -> [String] {
        var head = ResponseHead(status: status, lines)
        if let serviceTime { head.addServiceTime(serviceTime) }
        head.finishForwarding(Self.plain, request: RequestHead(), origin: RequestOrigin(), date: Array("now".utf8))
        return head.headers.texts
    }

    @Test func `the upstream's lines, service time, date, server`() {
        #expect(
            prepared(["content-type: a", "set-cookie: b", "content-length: 3", "set-cookie: c"], serviceTime: 12) == [
                "content-type: a", "set-cookie: b", "content-length: 3", "set-cookie: c",
                "x-envoy-upstream-service-time: 12", "date: now", "server: understudy",
            ]
        )
    }

    @Test func `no service time is told if none was measured`() {
        #expect(prepared([]) == ["date: now", "server: understudy"])
    }

    @Test func `the upstream's date stays, its server is replaced in its place`() {
        let lines = prepared(["server: gunicorn", "date: then", "x-a: 1"], serviceTime: 0)
        #expect(lines == ["server: understudy", "date: then", "x-a: 1", "x-envoy-upstream-service-time: 0"])
    }

    @Test func `a service time of another hop is replaced in its place`() {
        let lines = prepared(["x-envoy-upstream-service-time: 99", "x-a: 1"], serviceTime: 7)
        #expect(lines.prefix(2) == ["x-envoy-upstream-service-time: 7", "x-a: 1"])
        #expect(lines.count == 4)
    }

    @Test func `whoever else says it is the server, the client hears of one`() {
        let lines = prepared(["server: a", "x-a: 1", "server: b"])
        #expect(lines.filter { $0.hasPrefix("server:") } == ["server: understudy"])
    }

    @Test func `of several dates the client hears all in one line`() {
        let lines = prepared(["date: one", "x-a: 1", "date: two", "date: three"])
        #expect(lines == ["date: one,two,three", "x-a: 1", "server: understudy"])
    }

    @Test func `several service times of other hops become one`() {
        let lines = prepared(["x-envoy-upstream-service-time: 1", "x-envoy-upstream-service-time: 2"], serviceTime: 7)
        #expect(lines.filter { $0.hasPrefix("x-envoy-up") } == ["x-envoy-upstream-service-time: 7"])
    }

    @Test(arguments: [
        "connection: close", "connection: keep-alive", "keep-alive: timeout=5", "proxy-connection: close",
        "upgrade: h2c",
        "transfer-encoding: chunked",
    ])
    func `what ends at this hop is removed`(line: String) {
        #expect(prepared(["x-a: 1", line, "x-b: 2"]).prefix(2) == ["x-a: 1", "x-b: 2"])
    }

    @Test func `what connection names ends here, but never the length`() {
        let lines = ["x-a: 1", "connection: X-A, content-length", "content-length: 3", "x-b: 2", "connection: x-b"]
        #expect(prepared(lines) == ["content-length: 3", "date: now", "server: understudy"])
    }

    @Test func `what ends at this hop ends in an answer before the real one, too`() {
        let lines = ["link: a", "connection: x-a, close", "x-a: 1", "keep-alive: 5", "upgrade: x"]
        var head = ResponseHead(status: 103, lines)
        head.endHopOfInterim()
        #expect(head.headers.texts == ["link: a"])
    }

    @Test(arguments: [(200, true), (204, false), (304, true), (404, true)])
    func `only beside 204 a length says nothing`(status: Int, stays: Bool) {
        #expect(prepared(["content-length: 3"], status: status).contains("content-length: 3") == stays)
    }

    @Test func `trailer and te of an answer pass`() {
        #expect(prepared(["trailer: x-sum", "te: trailers"]).prefix(2) == ["trailer: x-sum", "te: trailers"])
    }

    // MARK: Status

    @Test(arguments: [
        (100, "Continue"), (101, "Switching Protocols"), (103, "Unknown"), (200, "OK"), (204, "No Content"),
        (226, "IM Used"), (302, "Found"), (308, "Permanent Redirect"), (400, "Bad Request"),
        (408, "Request Timeout"), (413, "Payload Too Large"), (421, "Misdirected Request"), (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"), (502, "Bad Gateway"), (504, "Gateway Timeout"),
        (511, "Network Authentication Required"), (299, "Unknown"), (306, "Unknown"), (418, "Unknown"),
        (999, "Unknown"),
        (0, "Unknown"),
    ])
    func `the reason is the standard one`(status: Int, reason: String) {
        #expect("\(ResponseHead.reason(status))" == reason)
    }

    @Test(arguments: [(99, false), (100, true), (103, true), (199, true), (200, false)])
    func `answers below 200 are interim`(status: Int, isInterim: Bool) {
        #expect(ResponseHead(status: status, []).isInterim == isInterim)
    }

    @Test func `a reset head is like a new one`() {
        var head = ResponseHead(status: 500, framing: .chunked, ["connection: x"])
        head.keepsAlive = false
        head.reset()
        #expect(head.status == 0)
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
        #expect(!head.nominatesHeaders)
        #expect(head.headers.texts == [])
    }
}

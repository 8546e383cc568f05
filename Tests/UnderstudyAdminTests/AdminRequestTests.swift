// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What every admin request has to pass before an endpoint sees it.

import Synchronization
import TestSupport
import Testing
import UnderstudyAdmin
import UnderstudyHTTP

struct AdminRequestTests {
    private static let mutating = [
        "/drain_listeners", "/healthcheck/fail", "/healthcheck/ok", "/logging", "/mirrors/disable", "/mirrors/enable",
        "/quitquitquit", "/reopen_logs", "/reset_counters", "/runtime_modify",
    ]
    private static let reading = [
        "/", "/certs", "/clusters", "/config_dump", "/help", "/hot_restart_version", "/listeners", "/memory",
        "/mirrors",
        "/runtime", "/server_info", "/stats",
    ]

    @Test(arguments: mutating, ["GET", "HEAD", "PUT", "DELETE"])
    func `only POST changes anything`(path: String, method: String) async throws {
        let server = FakeServer()
        let request = "\(method) \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        try await server.serve { port in
            let connection = try await RawConnection.connect(to: port)
            try await connection.send(request)
            let seen = try await connection.end()
            #expect(seen.messages.map(\.status) == [405])
            let text = method == "HEAD" ? "" : "Method \(method) not allowed, POST required."
            #expect(seen.messages.map(\.body) == [text])
        }
        #expect(server.requests == [])
    }

    @Test(arguments: reading)
    func `every answer is never kept and never guessed at`(path: String) async throws {
        let answer = try await FakeServer().get(path)
        #expect(answer.status == 200)
        #expect(answer.value("cache-control") == "no-cache, max-age=0")
        #expect(answer.value("x-content-type-options") == "nosniff")
    }

    @Test(arguments: ["PUT", "POST", "OPTIONS", "DELETE"])
    func `looking may be asked for by any method, as in Envoy`(method: String) async throws {
        let answers = try await FakeServer().ask("\(method) /certs HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        #expect(answers.map(\.status) == [200])
    }

    @Test(arguments: [
        ("/ready?a=1", "unknown parameter 'a' of /ready; accepted: none\n"),
        ("/clusters?foo=1&format=json", "unknown parameter 'foo' of /clusters; accepted: filter, format\n"),
        ("/listeners?format=xml", "unknown value 'xml' of parameter format of /listeners; accepted: text, json\n"),
        ("/clusters?%0Ax=1", "unknown parameter '?x' of /clusters; accepted: filter, format\n"),
    ])
    func `a parameter that is unknown is refused with those that are known`(target: String, text: String) async throws {
        let answer = try await FakeServer().get(target)
        #expect(answer.status == 400)
        #expect(answer.body == text)
    }

    @Test(arguments: ["/nope", "/clusters/", "/ready/x", "//", "/%", "/%00", "/CLUSTERS", "/stats/nope"])
    func `a path that is unknown is answered with those that are known`(target: String) async throws {
        let server = FakeServer()
        let answer = try await server.get(target)
        #expect(answer.status == 404)
        #expect(answer.body == "invalid path. " + (try await server.get("/help").body))
    }

    @Test func `an escaped letter in a path is that letter`() async throws {
        #expect(try await FakeServer().get("/%63erts").status == 200)
    }

    @Test(arguments: [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)])
    func `a page of another site changes nothing`(site: String, status: Int) async throws {
        let server = FakeServer()
        let answer = try await server.post("/reset_counters", headers: "sec-fetch-site: \(site)\r\n")
        #expect(answer.status == status)
        #expect(server.requests == (status == 200 ? ["reset"] : []))
    }

    @Test(arguments: [
        ("origin: http://a\r\n", 200), ("origin: https://A\r\n", 200), ("origin: http://evil.example\r\n", 403),
        ("origin: http://a:81\r\n", 403), ("origin: null\r\n", 403), ("origin: http://a.evil.example\r\n", 403),
        // A browser that is at another name of this server.
        ("origin: https://proxy.example\r\nsec-fetch-site: same-origin\r\n", 200),
        ("origin: http://a\r\nsec-fetch-site: cross-site\r\n", 403),
    ])
    func `a page says by its origin that it is another site's`(headers: String, status: Int) async throws {
        let server = FakeServer()
        let answer = try await server.post("/reset_counters", headers: headers)
        #expect(answer.status == status)
        #expect(server.requests == (status == 200 ? ["reset"] : []))
    }

    @Test func `there are so many connections at most, and there is room again when one ends`() async throws {
        let server = FakeServer()
        try await server.serve { port in
            var clients: [RawConnection] = []
            for _ in 0..<AdminServer.mostConnections {
                let client = try await RawConnection.connect(to: port)
                #expect(try await client.ask("GET /help HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
                clients.append(client)
            }
            let surplus = try await RawConnection.connect(to: port)
            #expect(try await surplus.end().messages.isEmpty)
            clients.removeLast().close()
            try await eventually("room for another") {
                let another = try await RawConnection.connect(to: port)
                let answer = try? await another.ask("GET /help HTTP/1.1\r\nHost: a\r\n\r\n")
                another.close()
                return answer?.status == 200
            }
            for client in clients { client.close() }
        }
    }

    @Test func `a form that is too long is refused whole`() async throws {
        let server = FakeServer()
        let form = "content-type: application/x-www-form-urlencoded\r\n"
        let long = "level=" + String(repeating: "a", count: 70_000)
        let answer = try await server.post("/logging", headers: form, long)
        #expect(answer.status == 413)
        #expect(answer.body == "a form of 70006 bytes; accepted: up to 65536\n")
        let longest = "filter=" + String(repeating: "a", count: 65_536 - 7)
        #expect(try await server.post("/clusters", headers: form, longest).status == 200)
    }

    @Test func `a huge body that is no form is read and forgotten`() async throws {
        let answer = try await FakeServer().post("/reset_counters", String(repeating: "x", count: 1 << 20))
        #expect(answer.status == 200)
    }

    @Test func `a target that is too long is refused by the server`() async throws {
        try await FakeServer().serve { port in
            let connection = try await RawConnection.connect(to: port)
            let target = "/clusters?filter=" + String(repeating: "a", count: 70_000)
            try await connection.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await connection.answer().status == 431)
        }
    }

    @Test(arguments: ["/clusters?filter=%", "/clusters?filter=%zz%", "/clusters?filter=%00", "/clusters?filter=%FF%FE"])
    func `garbage behind percent signs is answered`(target: String) async throws {
        let status = try await FakeServer().get(target).status
        #expect([200, 400].contains(status))
    }

    @Test func `long names in a refusal are cut`() async throws {
        let answer = try await FakeServer().get("/ready?" + String(repeating: "n", count: 1000))
        #expect(answer.status == 400)
        #expect(answer.body.utf8.count < 150)
    }

    @Test func `a request that has ended is told to the access log`() async throws {
        let seen = Watched<[PlainAccess]>([])
        _ = try await FakeServer().ask(
            accessLog: { access in seen.update { $0.append(access) } },
            "GET /nope HTTP/1.1\r\nHost: a\r\nUser-Agent: probe\r\n\r\n",
            FakeServer.post("/quitquitquit", "abc")
        )
        let all = try await seen.wait("two requests") { $0.count == 2 }
        #expect(all.map(\.status) == [404, 200])
        #expect(all.map(\.request.target) == ["/nope", "/quitquitquit"])
        #expect(all[0].request.userAgent == "probe")
        #expect(all[1].request.bodyLength == 3)
        #expect(all[1].bodyLength == 3)
        #expect(all.allSatisfy { $0.begin > 0 && $0.duration >= 0 })
    }
}

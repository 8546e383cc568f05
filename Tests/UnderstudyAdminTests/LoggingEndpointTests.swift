// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/logging` in Envoy's words, as measured on Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct LoggingEndpointTests {
    private static func list(_ admin: String, _ http: String, _ upstream: String) -> String {
        "active loggers:\n  admin: \(admin)\n  http: \(http)\n  upstream: \(upstream)\n\n"
    }

    @Test(arguments: [
        ("", list("info", "info", "info")), ("?level=warning", list("warning", "warning", "warning")),
        ("?paths=http:debug,upstream:trace", list("info", "debug", "trace")),
        ("?http=off", list("info", "off", "info")),
        ("?level=", list("info", "info", "info")), ("?paths=&level=error", list("error", "error", "error")),
        ("?paths=http:debug,http:error,", list("info", "error", "info")), ("?hc=debug", list("info", "info", "info")),
    ])
    func `levels are listed and changed`(query: String, text: String) async throws {
        let answer = try await FakeServer().post("/logging\(query)")
        #expect(answer.status == 200)
        #expect(answer.body == text)
    }

    @Test(arguments: [
        ("level=loud", "unknown logger level"), ("level=warn", "unknown logger level"),
        ("paths=nope:debug", "unknown logger name"), ("paths=http:debug,nope:debug", "unknown logger name"),
        ("paths=http:loud", "unknown logger level"), ("paths=http", "empty logger name or empty logger level"),
        ("nope=debug", "unknown logger name"), ("http=loud", "unknown logger level"),
        ("http=debug&upstream=info", "invalid number of parameters"),
    ])
    func `what is refused changes nothing`(query: String, reason: String) async throws {
        let answer = try await FakeServer().post("/logging?\(query)")
        #expect(answer.status == 400)
        #expect(answer.body.hasPrefix("error: \(reason)\n\nusage: /logging?<name>=<level> (change single level)\n"))
        #expect(answer.body.hasSuffix(Self.list("info", "info", "info")))
    }

    @Test func `a form works as a query does`() async throws {
        let form = "content-type: application/x-www-form-urlencoded; charset=utf-8\r\n"
        let answer = try await FakeServer().post("/logging", headers: form, "paths=http%3Adebug&level=")
        #expect(answer.body == Self.list("info", "debug", "info"))
    }
}

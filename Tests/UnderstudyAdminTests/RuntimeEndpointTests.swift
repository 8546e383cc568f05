// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Runtime values by way of the admin server, in Envoy's words; the cases are measured on Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct RuntimeEndpointTests {
    private func ask(_ control: FakeServer, _ requests: String...) async throws -> [ObservedMessage] {
        var answers: [ObservedMessage] = []
        for request in requests { answers += try await control.ask(request) }
        return answers
    }

    private func post(_ target: String, type: String = "", _ body: String = "") -> String {
        let type = type.isEmpty ? "" : "Content-Type: \(type)\r\n"
        return "POST \(target) HTTP/1.1\r\nHost: a\r\n\(type)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func values(of control: FakeServer) -> [String: String] {
        Dictionary(uniqueKeysWithValues: control.runtimeDocument().entries.map { ($0.key, $0.finalValue) })
    }

    private static let admin = [RuntimeLayer(name: "admin", kind: .admin)]
    private static let form = "application/x-www-form-urlencoded"
    private static let usage = """
        usage: /runtime_modify?key1=value1&key2=value2&keyN=valueN
               or send the parameters as form values
        use an empty value to remove a previously added override
        """

    @Test(arguments: [
        ("a=1", ["a": "1"]), ("a=1&b=2", ["a": "1", "b": "2"]), ("a=1&a=2", ["a": "1"]), ("a=x+y%20z", ["a": "x+y z"]),
        ("a=%7Bnumerator%3A%205%7D", ["a": "{numerator: 5}"]), ("a=b=c", ["a": "b=c"]), ("=v", ["": "v"]),
        ("a=%", ["a": "%"]), ("a=%4", ["a": "%4"]), ("a=%zz", ["a": "%zz"]), ("a%2Eb=3", ["a.b": "3"]),
        ("%26=1", ["&": "1"]), ("a=1;b=2", ["a": "1;b=2"]), ("a=%C3%A9", ["a": "é"]), ("a", [:]), ("a=", [:]),
    ])
    func `values are set as the query says`(query: String, entries: [String: String]) async throws {
        let control = FakeServer(layers: Self.admin)
        let answer = try await ask(control, post("/runtime_modify?\(query)"))
        #expect(answer.map(\.status) == [200])
        #expect(answer.map(\.body) == ["OK\n"])
        #expect(values(of: control) == entries)
    }

    @Test(arguments: [
        ("/runtime_modify", form, "a=1&b=x+y%20z", ["a": "1", "b": "x+y z"]),
        ("/runtime_modify?q=1", form, "a=1", ["q": "1"]),
    ])
    func `a form counts if there is no query`(
        target: String,
        type: String,
        body: String,
        entries: [String: String]
    ) async throws {
        let control = FakeServer(layers: Self.admin)
        #expect(try await ask(control, post(target, type: type, body)).map(\.status) == [200])
        #expect(values(of: control) == entries)
    }

    @Test(arguments: [("", ""), (form, ""), ("text/plain", "a=1"), ("", "a=1")])
    func `without parameters the usage is explained`(type: String, body: String) async throws {
        let control = FakeServer(layers: Self.admin)
        for target in ["/runtime_modify", "/runtime_modify?"] {
            let answer = try await ask(control, post(target, type: type, body))
            #expect(answer.map(\.status) == [400])
            #expect(answer.map(\.body) == [Self.usage])
        }
    }

    @Test(arguments: [
        ([RuntimeLayer(name: "base", kind: .static([:]))], "a=1", "No admin layer specified"),
        (admin, "a=[1", "yaml-cpp: error at line 1, column 1: end of sequence flow not found"),
    ])
    func `what is refused is refused in Envoy's words`(
        layers: [RuntimeLayer],
        query: String,
        text: String
    ) async throws {
        let answer = try await ask(FakeServer(layers: layers), post("/runtime_modify?\(query)"))
        #expect(answer.map(\.status) == [503])
        #expect(answer.map(\.body) == [text])
    }

    @Test func `looking changes nothing`() async throws {
        let control = FakeServer(layers: Self.admin)
        let answer = try await ask(control, "GET /runtime_modify?a=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer.map(\.status) == [405])
        #expect(answer.map(\.body) == ["Method GET not allowed, POST required."])
        #expect(values(of: control) == [:])
    }

    @Test func `the values are shown as JSON`() async throws {
        let control = FakeServer(layers: Self.admin)
        let answers = try await ask(
            control,
            post("/runtime_modify?a=1"),
            "GET /runtime HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /help HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        #expect(answers[1].body == control.runtimeDocument().json)
        #expect(answers[1].value("content-type") == "application/json")
        #expect(answers[2].body.contains("  /runtime: print runtime values\n  /runtime_modify (POST): Adds"))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Messages from a small grammar: mostly right, often odd, sometimes contradictory.

internal import TestSupport

enum MessageGrammar {
    private static let methods = [
        "GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "CONNECT", "PURGE", "get", "GE T",
    ]
    private static let targets = [
        "/", "/a/b?c=d", "/%2e%2e/x;y", "//a", "/a?b?c", "*", "http://h/", "http://user.example:80/x?y", "https://h",
        "http://h?q", "HTTP://H/", "http://", "http://:80/", "http://a@b/", "h:80", "/a#b", "a", "/\"<>^`{|}\\",
    ]
    private static let versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1"]
    private static let hosts = ["h", "example.com:8080", "[::1]:80", "[::1]", "", "a.b:", "a_b", "a@b", "a,b", "a:b:c"]

    private static let requestLines = [
        "Content-Length: 0", "Content-Length: 5", "content-length: 05", "Content-Length: +5", "Content-Length: 5, 5",
        "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked", "Transfer-Encoding: Chunked",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity", "TE: trailers", "TE: gzip, trailers;q=1",
        "Connection: close", "Connection: keep-alive, x-a", "Connection: host, content-length, transfer-encoding",
        "Connection: Upgrade", "Connection: x-forwarded-for", "Upgrade: h2c", "Upgrade: websocket", "Keep-Alive: 5",
        "Proxy-Connection: keep-alive", "Expect: 100-continue", "Expect: other", "X-Request-Id: r", "X-Request-Id:",
        "X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: a, b", "X-Forwarded-Proto: https", "X-Envoy-Internal: true",
        "X-Envoy-Internal: false", "X-Envoy-Retry-On: 5xx", "X-Envoy-Expected-Rq-Timeout-Ms: 3", "Cookie: a=b",
        "Cookie: c=d", "Accept: a", "Accept: b", "X-A: 1", "X-A:  2 ", "X-A:\t3\t", "X-A:", "x_a: 4", "X-B: é\u{80}",
        "X-Loop: \"quoted\"", "X-Cluster: primary", "Host: other", "X A: 1", "X-A : 1", ": 1", "X-A", " folded",
    ]
    private static let answerLines = [
        "Content-Length: 0", "Content-Length: 3", "Content-Length: 3, 3", "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked", "Connection: close", "Connection: x-a", "Connection: keep-alive",
        "Keep-Alive: 5", "Upgrade: h2c", "Server: s", "Date: now", "Date: then", "Set-Cookie: a", "Set-Cookie: b",
        "X-Envoy-Upstream-Service-Time: 5", "Via: 1.1 x", "Vary: a", "Vary: b", "X-A: 1", "X-A:  2 ", "X-A:", "x_a: 4",
        "Trailer: x-a", "X-A : 1", ": 1", "X-A", " folded",
    ]
    private static let statuses = ["200", "200", "200", "204", "304", "404", "500", "100", "101", "103", "999", "099"]

    static let mutator = ByteMutator(
        [
            "\r\n", "\n", "\r", " ", "\t", ":", "\0", "\u{7F}", "é", ",", ";", "/", "?", "#", "@", "[", "]", "%2f",
            "http://", "0", "9", "99999999999999999999", "HTTP/1.1", "HTTP/1.0", "\r\n ", "\r\n\t", ": ", "\r\n\r\n",
        ] + (requestLines + hosts.map { "Host: \($0)" }).map { $0 + "\r\n" }
    )

    static func request(_ dice: inout SeededGenerator) -> [UInt8] {
        var lines: [String] = []
        if !dice.chance(percent: 5) { lines.append("Host: " + usually("h", hosts, &dice)) }
        for _ in 0..<dice.number(below: 4) { lines.append(dice.pick(requestLines)) }
        lines.shuffle(using: &dice)
        let version = usually("HTTP/1.1", versions, &dice)
        let start = "\(usually("POST", methods, &dice)) \(usually("/a?b", targets, &dice)) \(version)"
        return damagedAtTimes(start, lines, &dice)
    }

    private static func usually(_ one: String, _ others: [String], _ dice: inout SeededGenerator) -> String {
        dice.chance(percent: 60) ? one : dice.pick(others)
    }

    static func answer(_ dice: inout SeededGenerator) -> [UInt8] {
        let lines = (0..<dice.number(below: 4)).map { _ in dice.pick(answerLines) }
        let version = dice.pick(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2"])
        let reason = dice.pick([" OK", " ", "", " é", "x"])
        return damagedAtTimes("\(version) \(dice.pick(statuses))\(reason)", lines, &dice)
    }

    private static func damagedAtTimes(_ start: String, _ lines: [String], _ dice: inout SeededGenerator) -> [UInt8] {
        let head = Array(([start] + lines).map { $0 + "\r\n" }.joined().utf8) + [0x0D, 0x0A]
        if dice.chance(percent: 3) { return dice.bytes(below: 200) }
        return dice.chance(percent: 40) ? mutator.damage(head, &dice) : head
    }

    static func chunks(_ dice: inout SeededGenerator) -> [UInt8] {
        var wire: [UInt8] = []
        for _ in 0..<dice.number(below: 5) {
            let data = [0x78] + dice.bytes(below: 20)
            wire += Array(String(data.count, radix: 16, uppercase: dice.chance(percent: 50)).utf8)
            wire += Array(dice.pick(["", "", ";", " ;a", ";a=\"b\"", "\t;x"]).utf8)
            wire += [0x0D, 0x0A] + data + [0x0D, 0x0A]
        }
        wire += Array(dice.pick(["0", "0", "0;x", "000", ""]).utf8) + [0x0D, 0x0A]
        let trailers = ["X-Sum: 1", "X-Sum: 2", "y:", "Host: h", "Content-Length: 5", "bad name: 1"]
        wire += Array(dice.text(trailers.map { $0 + "\r\n" }, below: 4).utf8) + [0x0D, 0x0A]
        if dice.chance(percent: 30) { wire += Array("GET / HTTP/1.1\r\n\r\n".utf8) }
        return dice.chance(percent: 50) ? mutator.damage(wire, &dice) : wire
    }
}

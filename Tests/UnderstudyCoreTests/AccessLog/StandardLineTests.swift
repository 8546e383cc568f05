// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The default line: measured on Envoy 1.40, and the same as the format string that it stands for.

import TestSupport
import Testing
import UnderstudyCore

struct StandardLineTests {
    private static let format = """
        [%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% \
        %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \
        "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"

        """

    private func line(_ request: RequestHead, _ response: ResponseHead?, _ facts: ExchangeFacts) -> [UInt8] {
        var bytes: [UInt8] = []
        let line = AccessLogLine(AccessLog(.standardOutput))
        line.append(to: &bytes, request: request, response: response, facts: facts)
        return bytes
    }

    @Test func `a rewritten request that was answered`() {
        let request = RequestHead(
            "GET /x/a",
            [
                "host: h.example", "user-agent: ua/1", "x-forwarded-for: 192.0.2.2",
                "x-envoy-original-path: /rw/a", "x-request-id: a0199194-4cad-47ad-9db6-f781f9473d86",
            ]
        )
        var facts = ExchangeFacts()
        facts.startTime = 1_795_561_851_747_992_000
        facts.status = 200
        facts.bytesSent = 5
        facts.elapsed = 999_999
        facts.upstream = NetworkAddress(host: Array("127.0.0.1".utf8), port: 46687)
        let response = ResponseHead(status: 200, ["x-envoy-upstream-service-time: 0"])
        let expected = """
            [2026-11-24T23:10:51.747Z] "GET /rw/a HTTP/1.1" 200 - 0 5 0 0 "192.0.2.2" "ua/1" \
            "a0199194-4cad-47ad-9db6-f781f9473d86" "h.example" "127.0.0.1:46687"

            """
        #expect(String(decoding: line(request, response, facts), as: UTF8.self) == expected)
    }

    @Test func `a head that could not be read`() {
        var facts = ExchangeFacts()
        facts.startTime = 1_795_561_852_051_187_000
        facts.status = 400
        facts.responseFlags = ["DPE"]
        facts.bytesSent = 11
        var request = RequestHead()
        request.headers.add("host", "", known: .host)
        let expected = "[2026-11-24T23:10:52.051Z] \"- - HTTP/1.1\" 400 DPE 0 11 0 - \"-\" \"-\" \"-\" \"-\" \"-\"\n"
        #expect(String(decoding: line(request, nil, facts), as: UTF8.self) == expected)
    }

    @Test func `random exchanges give what the format string gives`() throws {
        let format = try FormatString(Self.format)
        for seed in UInt64(1)...2_000 {
            var dice = SeededGenerator(seed: seed)
            var lines = ["host: h\(seed)"]
            for name in ["user-agent", "x-forwarded-for", "x-request-id", "x-envoy-original-path", "x-other"]
            where dice.number(below: 2) == 0 {
                lines.append("\(name): \(dice.pick(["", "a \"b\"", "é", "\\", String(seed)]))")
            }
            let request = RequestHead("GET /p?\(seed)", lines)
            var facts = ExchangeFacts()
            facts.startTime = Int64.random(in: 0...4_000_000_000_000_000_000, using: &dice)
            facts.elapsed = Int64.random(in: 0...9_000_000_000_000, using: &dice)
            facts.status = dice.number(below: 600)
            facts.bytesReceived = dice.number(below: 1_000_000)
            facts.bytesSent = dice.number(below: 1_000_000)
            facts.protocolName = dice.pick(["HTTP/1.0", "HTTP/1.1", nil])
            facts.responseFlags = dice.pick([[], ["UF"], ["URX", "UF"]])
            facts.upstream = dice.pick([nil, NetworkAddress(host: Array("::1".utf8), port: 9)])
            let response = dice.pick([
                nil, ResponseHead(status: 200, []), ResponseHead(status: 200, ["x-envoy-upstream-service-time: 12"]),
            ])
            var expected: [UInt8] = []
            format.append(to: &expected, request: request, response: response, facts: facts, absent: .dash)
            #expect(line(request, response, facts) == expected, "seed \(seed)")
        }
    }
}

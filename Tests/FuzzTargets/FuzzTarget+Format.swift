// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Format strings of access logs and headers: what they write is bounded, and the same each time.

internal import TestSupport
internal import UnderstudyCore

extension FuzzTarget {
    package static let format = FuzzTarget(name: "format", check: checkFormat, generate: makeFormat)

    private static let request = RequestHead(
        "GET /p?a=%41&b=%&c=\"x\"&a=2",
        ["host: h:1", "x-a: \u{80}\"\\\t1", "x-a: 2", "x-empty:  ", "cookie: a=b; c"]
    )
    private static let answer = ResponseHead(status: 503, ["content-length: 3", "x-b: \u{FF}", "date: d"])
    private static let facts: [ExchangeFacts] = {
        var extreme = ExchangeFacts()
        extreme.startTime = Int64.max
        extreme.elapsed = Int64.min
        extreme.connectionID = UInt64.max
        extreme.bytesReceived = Int.max
        extreme.responseFlags = ["UF", "URX"]
        extreme.localReplyBody = Array("\"\n\0".utf8)
        return [ExchangeFacts(), extreme]
    }()

    private static func checkFormat(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        let text = String(decoding: bytes, as: UTF8.self)
        // By byte: with a combining mark behind it a percent sign is part of another character.
        let doubled = text.utf8.flatMap { $0 == 0x25 ? [$0, $0] : [$0] }
        let escaped = try? FormatString(String(decoding: doubled, as: UTF8.self))
        verdict.expect(escaped?.isLiteral == true, "escaped it is no literal")
        if let escaped { verdict.expect(written(escaped) == Array(text.utf8), "escaped it is another text") }
        do throws(FormatFault) {
            let format = try FormatString(text)
            verdict.isAccepted = true
            expectBounded(&verdict, format, text)
        } catch {
            verdict.expect(!error.message.isEmpty, "refused without a reason")
        }
        return verdict
    }

    private static func expectBounded(_ verdict: inout Verdict, _ format: FormatString, _ text: String) {
        // No command is shorter than five bytes, and no fact longer than the request's head.
        let bound = 64 + 256 * text.utf8.count
        for facts in facts {
            let first = written(format, facts)
            verdict.expect(first.count <= bound, "\(first.count) bytes of \(text)")
            verdict.expect(written(format, facts) == first, "twice it writes two texts: \(text)")
            let tree = BodyFormat(.json(.object([.init(key: text, value: .string(format))])))
            let json = tree.body(request: request, response: answer, facts: facts).bytes
            verdict.expect(json.dropLast().allSatisfy { $0 >= 0x20 }, "a control byte in JSON: \(json.quoted)")
            verdict.expect(json.first == 0x7B && json.suffix(2) == [0x7D, 0x0A], "no object: \(json.quoted)")
            verdict.expect(json.count <= 6 * bound + 64, "\(json.count) bytes of JSON")
        }
    }

    private static func written(_ format: FormatString, _ facts: ExchangeFacts = ExchangeFacts()) -> [UInt8] {
        var bytes: [UInt8] = []
        format.append(to: &bytes, request: request, response: answer, facts: facts, absent: .dash)
        return bytes
    }

    private static func makeFormat(_ dice: inout SeededGenerator) -> [UInt8] {
        let words = [
            "%", "%%", "REQ", "RESP", "(", ")", ":", "1", "99", "?", "x-a", "host", ":path", "START_TIME", "%s", "f",
            "3",
            "E", "*", "PATH", "NQ", "QUERY_PARAM", "%PROTOCOL%", "%RESPONSE_FLAGS%", "%QUERY_PARAMS%", "é", "\n", "\0",
            "%START_TIME(%", "%REQ(", ")%", "%DURATION%", "%UPSTREAM_HOST%", "%QUERY_PARAM(a)%", "_", "%REQ(X-A)%",
            "%RESP(x-b):1%", "%LOCAL_REPLY_BODY%", "%START_TIME(%Y-%m-%dT%H:%M:%S.%9f)%", "%PATH(WQ:ORIG):3%",
            "%COALESCE({\"operators\":[\"PROTOCOL\",{\"command\":\"REQ\",\"param\":\"a\"}]})%", "%COALESCE(", "[", "{",
        ]
        return Array(dice.text(words, below: 12).utf8)
    }
}

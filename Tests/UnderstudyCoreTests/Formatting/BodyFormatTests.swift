// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bodies made from formats, with every byte as Envoy 1.40 sent it.

import TestSupport
import Testing
import UnderstudyCore

struct BodyFormatTests {
    private func body(
        _ format: BodyFormat,
        _ lines: [String] = [],
        facts: ExchangeFacts = .complete
    ) -> (text: String, contentType: String) {
        let request = RequestHead("GET /", ["host: h"] + lines)
        let body = format.body(request: request, response: nil, facts: facts)
        return (String(decoding: body.bytes, as: UTF8.self), String(decoding: body.contentType, as: UTF8.self))
    }

    private func json(_ tree: FormatTree, omits: Bool = false, _ lines: [String] = []) -> String {
        body(BodyFormat(.json(tree), omitsEmptyValues: omits), lines).text
    }

    private func object(_ members: [(String, FormatTree)]) -> FormatTree {
        .object(members.map { FormatTree.Member(key: $0.0, value: $0.1) })
    }

    private func format(_ text: String) throws -> FormatTree { .string(try FormatString(text)) }

    @Test func `text is plain text, with dashes or without`() throws {
        let text = try FormatString("<%LOCAL_REPLY_BODY%> %REQ(n)%|")
        #expect(body(BodyFormat(.text(text))) == ("<hi\n\"there\"> -|", "text/plain"))
        #expect(body(BodyFormat(.text(text), omitsEmptyValues: true)).text == "<hi\n\"there\"> |")
        #expect(body(BodyFormat(.text(text), contentType: "text/html")).contentType == "text/html")
        #expect(body(BodyFormat(.json(object([])), contentType: "x/y")).contentType == "x/y")
    }

    @Test func `a tree is one line of JSON, and a lone command keeps its type`() throws {
        let tree = object([
            ("a", object([("c", try format("%REQ(no)%"))])), ("b", .bool(true)), ("el", .list([])),
            ("l", .list([.number(1), try format("a"), .null, try format("%REQ(no)%"), try format("%REQ(no)%x")])),
            ("n", .number(2.5)), ("o", object([])), ("p", try format("100%%")), ("s", try format("%RESPONSE_CODE%")),
            ("t", try format("%RESPONSE_CODE%!")), ("u", try format("%BYTES_RECEIVED%")), ("z", .null),
        ])
        #expect(
            json(tree)
                == #"{"a":{"c":null},"b":true,"el":[],"l":[1,"a",null,null,"-x"],"n":2.5,"o":{},"p":"100%","s":503,"#
                + #""t":"503!","u":100000,"z":null}"# + "\n"
        )
        #expect(
            json(tree, omits: true)
                == #"{"b":true,"el":[],"l":[1,"a","x"],"n":2.5,"p":"100%","s":503,"t":"503!","u":100000}"# + "\n"
        )
        #expect(body(BodyFormat(.json(tree))).contentType == "application/json")
    }

    @Test func `an object that is empty for lack of values is still one at the top`() throws {
        #expect(json(object([("a", try format("%REQ(no)%"))]), omits: true) == "{}\n")
        #expect(json(object([("a", try format("%REQ(no)%"))])) == "{\"a\":null}\n")
        #expect(
            json(object([("a", try format("")), ("b", try format("%REQ(e)%"))]), omits: true, ["e: "])
                == "{\"a\":\"\",\"b\":\"\"}\n"
        )
    }

    @Test func `text is escaped as little as JSON allows`() throws {
        let text = "v\"é\n\u{1}\u{7f}/<>&'\\\t\u{8}\u{c}\r\u{2028}😀"
        let expected = #"v\"é\n\u0001"# + "\u{7f}" + #"/<>&'\\\t\b\f\r"# + "\u{2028}😀"
        #expect(json(object([(text, .string(.literal(text)))])) == "{\"\(expected)\":\"\(expected)\"}\n")
    }

    @Test(arguments: [
        ([0xFF, 0xC3, 0x28, 0x61, 0x22, 0x5C], #"\u00ff\u00c3(a\u0022\u005c"#),
        ([0xED, 0xA0, 0x80], #"\u00ed\u00a0\u0080"#), ([0xC0, 0x80], #"\u00c0\u0080"#),
        ([0xFF, 0x7F, 0x09, 0x01, 0x2F, 0x3C, 0x0D], #"\u00ff\u007f\u0009\u0001/<\u000d"#),
        ([0xF4, 0x90, 0x80, 0x80], #"\u00f4\u0090\u0080\u0080"#), ([0xE2, 0x82], #"\u00e2\u0082"#),
        ([0x61, 0xC3, 0xA9], "aé"),
    ])
    func `text that is no UTF-8 is escaped byte by byte`(bytes: [UInt8], expected: String) throws {
        var facts = ExchangeFacts()
        facts.localReplyBody = bytes
        let tree = object([("v", try format("%LOCAL_REPLY_BODY%"))])
        #expect(body(BodyFormat(.json(tree)), facts: facts).text == "{\"v\":\"\(expected)\"}\n")
    }

    @Test(arguments: [
        (1e15, "1e+15"), (1e16, "1e+16"), (1e17, "1e+17"), (1.5e16, "1.5e+16"), (1e-4, "1e-04"), (1e-5, "1e-05"),
        (1_234_567_890.123, "1234567890.123"), (12_345_678_901_234_568, "12345678901234568"), (-1.5, "-1.5"),
        (1e100, "1e+100"), (.leastNonzeroMagnitude, "5e-324"), (0.1, "0.1"),
        (123_456_789_012_345.6, "123456789012345.6"),
        (1e21, "1e+21"), (1e-7, "1e-07"), (1.0 / 3, "0.3333333333333333"), (-0.0, "-0"),
        (123_456_789_012, "123456789012"),
        (9_007_199_254_740_992, "9007199254740992"), (2, "2"), (0, "0"), (10_000, "10000"), (100_000, "1e+05"),
        (.infinity, "null"), (.nan, "null"),
    ])
    func `numbers are as short as they can be`(number: Double, expected: String) {
        #expect(json(object([("n", .number(number))])) == "{\"n\":\(expected)}\n")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that are understood, and what is understood of them.

import Testing
import UnderstudyCore
import UnderstudyHTTP

struct RequestHeadDecoderTests {
    private func expect(
        _ text: String,
        _ expected: DecodedRequest,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let length = text.utf8.count
        #expect(DecodedRequest.decode(text) == .head(expected, length: length), sourceLocation: sourceLocation)
        // What follows the head is not looked at.
        let followed = DecodedRequest.decode(text + "\0\n\rGET")
        #expect(followed == .head(expected, length: length), sourceLocation: sourceLocation)
    }

    @Test func `the smallest request`() {
        expect("GET / HTTP/1.1\r\nHost: h\r\n\r\n", DecodedRequest("GET /", ["host: h"]))
    }

    @Test func `names become lower-case, values and order stay, the Host comes first`() {
        expect(
            "GET /a HTTP/1.1\r\nX-One: A b\tC\r\nACCEPT: */*\r\nHoSt: H:1\r\nX-One: 2\r\n\r\n",
            DecodedRequest("GET /a", ["host: H:1", "x-one: A b\tC", "accept: */*", "x-one: 2"])
        )
    }

    @Test(arguments: ["h", " h", "  h", "\th", "h ", "h\t \t", " \t h \t"])
    func `blanks around a value are not part of it`(value: String) {
        expect("GET / HTTP/1.1\r\nHost:\(value)\r\n\r\n", DecodedRequest("GET /", ["host: h"]))
    }

    @Test(arguments: ["", " ", "\t", "   "])
    func `a value may be empty`(value: String) {
        expect("GET / HTTP/1.1\r\nHost: h\r\nX-A:\(value)\r\n\r\n", DecodedRequest("GET /", ["host: h", "x-a: "]))
        expect("GET / HTTP/1.1\r\nHost:\(value)\r\n\r\n", DecodedRequest("GET /", ["host: "]))
    }

    @Test(arguments: ["5", "05", "0000000005", String(repeating: "0", count: 99) + "5"])
    func `a length goes on without zeros in front of it`(value: String) {
        let text = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(value)\r\nX-A: 1\r\n\r\n"
        expect(text, DecodedRequest("POST /", ["host: h", "content-length: 5", "x-a: 1"], .length(5)))
        let empty = "POST / HTTP/1.1\r\nContent-Length: 00\r\nHost: h\r\n\r\n"
        expect(empty, DecodedRequest("POST /", ["host: h", "content-length: 0"]))
    }

    @Test func `every token byte may stand in a name, every other visible byte in a value`() {
        let visible = (0x21...0x7E).map { String(UnicodeScalar(UInt8($0))) }.joined()
        expect(
            "GET / HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~0aZ: \(visible) é\r\n\r\n",
            DecodedRequest("GET /", ["host: h", "!#$%&'*+-.^_`|~0az: \(visible) é"])
        )
    }

    // MARK: Targets

    @Test(arguments: [
        ("/", "/", "h"),
        ("/a%20b/../c;d?e=f&g?h", "/a%20b/../c;d?e=f&g?h", "h"),
        ("//double", "//double", "h"),
        ("/\"<>\\^`{|}", "/\"<>\\^`{|}", "h"),
        ("http://other/x", "/x", "other"),
        ("HTTP://Other:8080/x?y", "/x?y", "Other:8080"),
        ("https://other/x", "/x", "other"),
        ("http://other", "/", "other"),
        ("http://other?q", "/?q", "other"),
        ("http://[::1]:80/x", "/x", "[::1]:80"),
        ("http://other/http://third/", "/http://third/", "other"),
        ("/http://third/", "/http://third/", "h"),
    ])
    func `a target in origin or absolute form`(target: String, path: String, host: String) {
        expect("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n", DecodedRequest("GET \(path)", ["host: \(host)"]))
    }

    @Test func `the star is for OPTIONS`() {
        expect("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", DecodedRequest("OPTIONS *", ["host: h"]))
    }

    @Test func `CONNECT names an authority`() {
        expect("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", DecodedRequest("CONNECT h:443", ["host: h:443"]))
    }

    // MARK: Framing

    @Test(
        arguments: [
            ("Content-Length: 5", .length(5)),
            ("Content-Length: 0", .none),
            ("Content-Length: 000", .none),
            ("Content-Length:\t7 ", .length(7)),
            ("Content-Length: 9223372036854775807", .length(.max)),
            ("Transfer-Encoding: chunked", .chunked),
            ("transfer-encoding:  CHUNKED\t", .chunked),
            ("X-A: 1", .none),
        ] as [(String, BodyFraming)]
    )
    func `the body's end is found by length, chunks, or there is none`(line: String, framing: BodyFraming) {
        for method in ["GET", "POST", "HEAD", "DELETE"] {
            let text = "\(method) / HTTP/1.1\r\nHost: h\r\n\(line)\r\n\r\n"
            guard case .head(let decoded, _) = DecodedRequest.decode(text) else {
                Issue.record("refused: \(text)")
                continue
            }
            #expect(decoded.framing == framing)
        }
    }

    // MARK: Connection management

    @Test(
        arguments: [
            ("Connection: close", [.closes]),
            ("Connection: Close", [.closes]),
            ("Connection: keep-alive", []),
            ("Connection: keep-alive, close", [.closes]),
            ("Connection: keep-alive\r\nConnection: close", [.closes]),
            ("Connection: ,close ,", [.closes]),
            ("Proxy-Connection: close", [.closes]),
            ("Connection: closed", [.nominates]),
            ("Connection: x-a, close", [.closes, .nominates]),
            ("Connection: TE", [.nominates]),
            ("Connection: ", []),
            ("Proxy-Connection: x-a", []),
            ("Connection: upgrade\r\nUpgrade: websocket", [.asksForUpgrade]),
            ("Connection: Upgrade, x-a\r\nUpgrade: websocket", [.asksForUpgrade, .nominates]),
            ("Connection: upgrade\r\nUpgrade: h2c", []),
            ("Connection: upgrade\r\nUpgrade: H2C", []),
            ("Upgrade: websocket", []),
            ("Connection: upgrade", []),
            ("Expect: 100-continue", [.expectsContinue]),
            ("Expect: 100-Continue", [.expectsContinue]),
            ("Expect: 200-ok", []),
        ] as [(String, Set<DecodedRequest.Flag>)]
    )
    func `what the client says about its connection`(lines: String, flags: Set<DecodedRequest.Flag>) {
        guard case .head(let decoded, _) = DecodedRequest.decode("GET / HTTP/1.1\r\nHost: h\r\n\(lines)\r\n\r\n") else {
            Issue.record("refused")
            return
        }
        #expect(decoded.flags == flags)
    }

    @Test func `one decoder decodes many heads`() throws {
        var decoder = RequestHeadDecoder()
        var head = RequestHead()
        for target in ["/long/and/winding?road", "/", "/third"] {
            head.reset()
            let bytes = Array("GET \(target) HTTP/1.1\r\nHost: h\r\nX-A: \(target)\r\n\r\n".utf8)
            let length = try decoder.decode(bytes.span, into: &head)
            #expect(length == bytes.count)
            #expect(DecodedRequest(head) == DecodedRequest("GET \(target)", ["host: h", "x-a: \(target)"]))
        }
    }

    @Test func `a head that is not complete leaves no trace`() throws {
        var decoder = RequestHeadDecoder()
        var head = RequestHead()
        let bytes = Array("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n".utf8)
        let length = try decoder.decode(bytes.span, into: &head)
        #expect(length == nil)
        #expect(head.headers.bytes.isEmpty)
        #expect(head.headers.lines.isEmpty)
        #expect(head.framing == .none)
    }
}

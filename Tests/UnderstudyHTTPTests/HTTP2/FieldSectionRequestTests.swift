// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which fields are a request, what it then is, and which must not be one (RFC 9113 sections 8.1 to 8.3).

import NIOCore
import NIOEmbedded
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct FieldSectionRequestTests {
    private static let get = [":method: GET", ":scheme: http", ":authority: h", ":path: /a?b"]
    private static let post = [":method: POST", ":scheme: http", ":authority: h", ":path: /a?b"]

    private func expect(
        _ fields: [String],
        endsStream: Bool = true,
        _ start: String,
        _ lines: [String],
        _ framing: BodyFraming = .none,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let made = MadeRequest.of(fields, endsStream: endsStream)
        #expect(made == .head(DecodedFields(start, lines), framing), sourceLocation: sourceLocation)
    }

    private func refuse(
        _ fields: [String],
        _ fault: MessageFault = .badSyntax,
        endsStream: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let made = MadeRequest.of(fields, endsStream: endsStream)
        #expect(made == .refused(fault), "\(fields)", sourceLocation: sourceLocation)
    }

    // MARK: Requests

    @Test func `the smallest request`() {
        expect(Self.get, "GET /a?b", ["host: h"])
    }

    @Test func `pseudo-fields come in any order, and the Host is first`() {
        for fields in [Self.get, Self.get.reversed(), [3, 0, 2, 1].map { Self.get[$0] }] {
            expect(fields + ["x-b: 1", "x-a: 2"], "GET /a?b", ["host: h", "x-b: 1", "x-a: 2"])
        }
    }

    @Test func `a Host takes the place of an authority`() {
        let fields = Self.get.filter { $0 != ":authority: h" } + ["x-a: 1", "host: other:80"]
        expect(fields, "GET /a?b", ["host: other:80", "x-a: 1"])
    }

    @Test(arguments: ["h", "H", "h:80"])
    func `authority and Host may say the same`(host: String) {
        expect(Self.get + ["x-a: 1", "host: \(host)"], "GET /a?b", ["host: h", "x-a: 1"])
    }

    @Test(arguments: ["other", "h:443", "h:8080", "hh", "h:80:80"])
    func `authority and Host may not differ`(host: String) {
        refuse(Self.get + ["host: \(host)"], .badHost)
    }

    @Test func `one Host at most`() {
        refuse(Self.get + ["host: h", "host: h"], .badHost)
        refuse(Self.get.filter { $0 != ":authority: h" } + ["host: h", "host: h"], .badHost)
        refuse(Self.get.filter { $0 != ":authority: h" }, .missingHost)
    }

    @Test(arguments: ["", ":80", "u@h", "a b", "h:x", "a,b", "[::1", "[::1]x", "h/", "%zz"])
    func `an authority has to name a host`(authority: String) {
        let fault: MessageFault = .badHost
        refuse([":method: GET", ":scheme: http", ":authority: \(authority)", ":path: /"], fault)
        refuse([":method: GET", ":scheme: http", ":path: /", "host: \(authority)"], fault)
    }

    @Test(arguments: ["a.example:8080", "[::1]", "[::1]:80", "a_b", "A.B", "h:"])
    func `authorities of all kinds`(authority: String) {
        let fields = [":method: GET", ":scheme: https", ":authority: \(authority)", ":path: /"]
        expect(fields, "GET /", ["host: \(authority)"])
    }

    @Test func `crumbs of a cookie become one line behind all others`() {
        let fields = Self.get + ["cookie: a=b", "x-a: 1", "cookie: c=d", "cookie: e"]
        expect(fields, "GET /a?b", ["host: h", "x-a: 1", "cookie: a=b; c=d; e"])
        expect(Self.get + ["cookie: a=b", "x-a: 1"], "GET /a?b", ["host: h", "x-a: 1", "cookie: a=b"])
    }

    @Test func `empty crumbs leave no trace`() {
        for crumbs in [["", "a"], ["a", ""], ["", "", "a", ""]] {
            expect(Self.get + crumbs.map { "cookie: \($0)" }, "GET /a?b", ["host: h", "cookie: a"])
        }
        expect(Self.get + ["cookie: ", "cookie: "], "GET /a?b", ["host: h", "cookie: "])
    }

    @Test func `names that have one line at most are joined`() {
        let fields = Self.get + ["accept: a", "x-a: 1", "accept: b", "x-a: 2"]
        expect(fields, "GET /a?b", ["host: h", "accept: a,b", "x-a: 1", "x-a: 2"])
    }

    @Test(arguments: ["trailers", "Trailers"])
    func `te may speak of trailers`(value: String) {
        expect(Self.get + ["te: \(value)"], "GET /a?b", ["host: h", "te: \(value)"])
    }

    @Test func `methods that are not known go on, if they are tokens`() {
        let rest = Array(Self.get.dropFirst())
        expect([":method: PURGE"] + rest, "PURGE /a?b", ["host: h"])
        expect([":method: brew"] + rest, "brew /a?b", ["host: h"])
        for method in ["", "GE T", "G@T", "GET/"] { refuse([":method: \(method)"] + rest) }
    }

    @Test func `what the scheme says`() throws {
        for (scheme, isSecure) in [("http", false), ("https", true), ("HTTPS", true), ("ftp", false), ("a+b", false)] {
            let fields = [":method: GET", ":scheme: \(scheme)", ":authority: h", ":path: /"]
            var section = FieldSection.of(BlockWriter(fields).bytes)
            var head = RequestHead()
            try section.makeRequest(&head, endsStream: true, rules: HeadRules(), allowsConnectProtocol: false)
            #expect(head.saysHTTPS == isSecure)
        }
        for scheme in ["", "1a", "h t", "http:", "-"] {
            refuse([":method: GET", ":scheme: \(scheme)", ":authority: h", ":path: /"])
        }
    }

    @Test func `expect and underscores as in HTTP 1`() throws {
        var section = FieldSection.of(BlockWriter(Self.post + ["expect: 100-Continue", "x_a: 1", "x-b: 2"]).bytes)
        var head = RequestHead()
        var rules = HeadRules()
        rules.underscores = .drop
        try section.makeRequest(&head, endsStream: false, rules: rules, allowsConnectProtocol: false)
        #expect(head.expectsContinue)
        #expect(section.droppedLines == 1)
        #expect(head.headers.texts == ["host: h", "expect: 100-Continue", "x-b: 2"])
        rules.underscores = .reject
        #expect(MadeRequest.of(Self.get + ["x_a: 1"], rules: rules) == .refused(.underscore))
    }

    @Test func `limits have their own answers`() {
        var rules = HeadRules()
        rules.limits.headerLines = 2
        #expect(MadeRequest.of(Self.get + ["x-a: 1", "x-b: 2"], rules: rules) == .refused(.tooManyLines))
        rules.limits.headBytes = 100
        #expect(MadeRequest.of(Self.get, rules: rules) == .refused(.tooLarge))
    }

    // MARK: Framing

    @Test func `the end of the stream and the length have to agree`() {
        expect(Self.post, endsStream: false, "POST /a?b", ["host: h"], .chunked)
        for (value, shown) in [("5", "5"), ("005", "5")] {
            let lines = ["host: h", "content-length: \(shown)"]
            expect(Self.post + ["content-length: \(value)"], endsStream: false, "POST /a?b", lines, .length(5))
            refuse(Self.post + ["content-length: \(value)"], .badLength)
        }
        let empty = ["host: h", "content-length: 0"]
        expect(Self.post + ["content-length: 0"], endsStream: false, "POST /a?b", empty, .length(0))
        expect(Self.post + ["content-length: 0"], "POST /a?b", empty)
    }

    @Test(arguments: ["", "x", "-1", "+1", "1,1", "1 1", "0x1", "99999999999999999999"])
    func `a length is a number`(value: String) {
        refuse(Self.post + ["content-length: \(value)"], .badLength, endsStream: false)
    }

    @Test func `one length at most`() {
        refuse(Self.post + ["content-length: 5", "content-length: 5"], .badLength, endsStream: false)
    }

    // MARK: Targets

    @Test func `the star is for OPTIONS`() {
        let options = [":method: OPTIONS", ":scheme: http", ":authority: h", ":path: *"]
        expect(options, "OPTIONS *", ["host: h"])
        refuse([":method: GET"] + options.dropFirst(), .badTarget)
    }

    @Test(
        arguments: [
            ("", .badSyntax), ("a", .badTarget), ("http://h/", .badTarget), ("**", .badTarget), ("/a b", .badTarget),
            ("/\u{7F}", .badSyntax), ("/\u{1}", .badSyntax), ("/é", .badTarget), ("/a#b", .fragment),
            ("?a", .badTarget),
        ] as [(String, MessageFault)]
    )
    func `a path begins with a slash and holds visible bytes`(path: String, fault: MessageFault) {
        refuse([":method: GET", ":scheme: http", ":authority: h", ":path: \(path)"], fault)
    }

    // MARK: CONNECT

    @Test func `CONNECT has an authority with a port and nothing else`() {
        let connect = [":method: CONNECT", ":authority: h:443"]
        expect(connect, endsStream: false, "CONNECT h:443", ["host: h:443"])
        refuse([":method: CONNECT", ":authority: h"], .badTarget)
        refuse([":method: CONNECT", ":authority: [::1]"], .badTarget)
        refuse([":method: CONNECT", "host: h:443"], .badTarget)
        refuse([":method: CONNECT"], .missingHost)
        refuse(connect + [":path: /"])
        refuse(connect + [":scheme: http"])
        refuse(connect + ["content-length: 5"], .badLength, endsStream: false)
        expect(connect + ["content-length: 0"], endsStream: false, "CONNECT h:443", ["host: h:443"])
    }

    /// The authority is the Host and the target, too, which share their bytes.
    @Test(arguments: [1, 1_900, 2_000, 2_500, 3_900, 4_100, 20_000])
    func `a CONNECT with an authority of any length can be written for HTTP 1`(length: Int) throws {
        let authority = String(repeating: "a", count: length) + ":443"
        var section = FieldSection.of(BlockWriter([":method: CONNECT", ":authority: \(authority)"]).bytes)
        var head = RequestHead()
        try section.makeRequest(&head, endsStream: false, rules: HeadRules(), allowsConnectProtocol: false)
        var buffer = LoopContext(eventLoop: EmbeddedEventLoop()).takeBuffer()
        HeadEncoder.write(head, opensTunnel: true, to: &buffer)
        #expect(String(buffer: buffer) == "CONNECT \(authority) HTTP/1.1\r\nhost: \(authority)\r\n\r\n")
    }

    // RFC 8441 section 4.
    @Test func `an extended CONNECT becomes an upgrade, if it is allowed`() {
        let connect = [":method: CONNECT", ":protocol: websocket", ":scheme: http", ":authority: h", ":path: /chat"]
        let lines = ["host: h", "x-a: 1", "upgrade: websocket", "connection: upgrade"]
        let made = MadeRequest.of(connect + ["x-a: 1"], endsStream: false, allowsConnectProtocol: true)
        #expect(made == .head(DecodedFields("GET /chat", lines), .none))
        refuse(connect, endsStream: false)
        for missing in [":scheme: http", ":authority: h", ":path: /chat", ":method: CONNECT"] {
            let fields = connect.filter { $0 != missing }
            let made = MadeRequest.of(fields, endsStream: false, allowsConnectProtocol: true)
            guard case .refused = made else {
                Issue.record("\(fields)")
                continue
            }
        }
        for name in ["", "a b", "a,b"] {
            let fields = connect.map { $0.hasPrefix(":protocol") ? ":protocol: \(name)" : $0 }
            let made = MadeRequest.of(fields, endsStream: false, allowsConnectProtocol: true)
            #expect(made == .refused(.badSyntax))
        }
        let get = [":method: GET"] + connect.dropFirst()
        #expect(MadeRequest.of(Array(get), allowsConnectProtocol: true) == .refused(.badSyntax))
    }

    // MARK: Malformed fields

    @Test(
        arguments: [
            (["X-A: 1"], .badName), (["x-A: 1"], .badName), ([" x: 1"], .badName), (["a b: 1"], .badName),
            (["a\u{1}: 1"], .badName), (["é: 1"], .badName), (["a,: 1"], .badName),
            (["x-a:  1"], .badValue), (["x-a: 1 "], .badValue), (["x-a: \t1"], .badValue), (["x-a: 1\t"], .badValue),
            (["x-a: a\0b"], .badValue), (["x-a: a\rb"], .badValue), (["x-a: a\nb"], .badValue),
            (["x-a: a\u{7F}"], .badValue), (["x-a: \u{1B}"], .badValue),
            ([":x: 1"], .unknownPseudoField), ([":Path: 1"], .unknownPseudoField), ([":: 1"], .unknownPseudoField),
            ([":path: /"], .repeatedPseudoField), ([":method: GET"], .repeatedPseudoField),
            ([":authority: h"], .repeatedPseudoField), ([":scheme: http"], .repeatedPseudoField),
            (["x-a: 1", ":path: /"], .latePseudoField), (["cookie: a", ":status: 200"], .latePseudoField),
            (["connection: close"], .connectionField), (["connection: "], .connectionField),
            (["keep-alive: 5"], .connectionField), (["proxy-connection: x"], .connectionField),
            (["transfer-encoding: chunked"], .connectionField), (["upgrade: x"], .connectionField),
            (["te: gzip"], .badTE), (["te: trailers, gzip"], .badTE), (["te: "], .badTE),
        ] as [([String], FieldFault)]
    )
    func `a malformed field makes a malformed request`(fields: [String], fault: FieldFault) {
        #expect(FieldSection.of(BlockWriter(Self.get + fields).bytes).fault == fault)
        refuse(Self.get + fields)
    }

    @Test func `a field without a name`() {
        var block = BlockWriter(Self.get)
        block.literal("", "x")
        #expect(FieldSection.of(block.bytes).fault == .badName)
    }

    @Test func `a malformed field is as malformed when the table brings it again`() throws {
        for (name, value) in [("X-A", "1"), ("x-a", " 1"), ("connection", "x"), ("te", "gzip"), (":x", "")] {
            var decoder = HPACKDecoder(tableBytes: 4096)
            var section = FieldSection()
            var block = BlockWriter()
            block.literal(name, value, .incremental)
            try decoder.decode(block.bytes.span, limits: MessageLimits(), into: &section)
            let fault = try #require(section.fault)
            try decoder.decode([0xBE].span, limits: MessageLimits(), into: &section)
            #expect(section.fault == fault)
            // The name alone, with another value.
            var named = BlockWriter()
            named.literal(nameOf: 62, "trailers")
            try decoder.decode(named.bytes.span, limits: MessageLimits(), into: &section)
            #expect((section.fault == nil) == (name == "te" || name == "x-a"))
        }
    }

    @Test func `pseudo-fields that are missing, and those of answers`() {
        for index in [0, 1, 3] {
            var fields = Self.get
            fields.remove(at: index)
            refuse(fields)
        }
        refuse([":status: 200"] + Self.get)
        refuse([])
    }

    @Test func `one section makes many requests`() throws {
        var decoder = HPACKDecoder(tableBytes: 4096)
        var section = FieldSection()
        var head = RequestHead()
        for path in ["/long/and/winding?road", "/", "/third"] {
            let fields = [":method: GET", ":scheme: http", ":authority: h", ":path: \(path)", "cookie: a", "cookie: b"]
            head.reset()
            try decoder.decode(BlockWriter(fields).bytes.span, limits: MessageLimits(), into: &section)
            try section.makeRequest(&head, endsStream: true, rules: HeadRules(), allowsConnectProtocol: false)
            #expect(DecodedFields(head) == DecodedFields("GET \(path)", ["host: h", "cookie: a; b"]))
        }
    }
}

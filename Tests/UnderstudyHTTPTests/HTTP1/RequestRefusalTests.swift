// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that must not be understood: whatever two hops might read differently.

import Testing
import UnderstudyCore
import UnderstudyHTTP

struct RequestRefusalTests {
    private func fault(_ text: String) -> MessageFault? { fault(Array(text.utf8)) }

    private func fault(_ bytes: [UInt8]) -> MessageFault? {
        guard case .refused(let fault) = DecodedRequest.decode(bytes) else { return nil }
        return fault
    }

    private func fault(lines: String) -> MessageFault? {
        fault("POST /a HTTP/1.1\r\nHost: h\r\n\(lines)\r\n\r\n")
    }

    // MARK: Nominations

    @Test func `more nominations than any honest client makes are refused`() {
        let names = { (count: Int) in (0..<count).map { "x-\($0)" }.joined(separator: ",") }
        #expect(fault(lines: "Connection: \(names(64))") == nil)
        #expect(fault(lines: "Connection: \(names(65))") == .badSyntax)
        // The bound is over all lines together.
        #expect(fault(lines: "Connection: \(names(40))\r\nConnection: \(names(40))") == .badSyntax)
    }

    // MARK: Lengths and codings

    @Test(arguments: [
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 2",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
    ])
    func `a length beside a coding is refused`(lines: String) {
        #expect(fault(lines: lines) == .conflictingFraming)
    }

    @Test(arguments: [
        "2\r\nContent-Length: 3", "2\r\nContent-Length: 2", "2\r\nX-A: 1\r\ncontent-length: 2", "2, 2", "2,3", "", "+2",
        "-2",
        "0x2", "2 3", "2.0", "2a", "a", "2;", "٢", "18446744073709551618", "9223372036854775808",
        "99999999999999999999999999999",
    ])
    func `a length that is repeated or no plain number is refused`(value: String) {
        #expect(fault(lines: "Content-Length: \(value)") == .badLength)
    }

    @Test(arguments: [
        "gzip", "GZip", "x-gzip", "deflate", "compress", "x-compress", "identity", "gzip, chunked", "gzip,Chunked",
        "gzip, deflate", "identity\t,\tgzip , chunked",
    ])
    func `codings that exist but are not spoken here are told apart`(value: String) {
        #expect(fault(lines: "Transfer-Encoding: \(value)") == .unsupportedTransferCoding)
    }

    @Test(arguments: [
        "chunked, gzip", "chunked, chunked", "gzip, chunked, chunked", "chunked, identity", "", ",", "br", "x",
        "chunked;q=1", "xchunked", "chunkedx", "chunked,", ",chunked", "gzip,", ",gzip", "gzip,,chunked",
        "\"chunked\"", "chunke", "chun\tked", "gzip chunked", "gzip;q=1", "gzip;q=1, chunked", "gzip\u{85}",
        "chunked\r\nTransfer-Encoding: chunked", "gzip\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: gzip", "chunked\r\nTransfer-Encoding: identity",
        "gzip\r\nTransfer-Encoding: gzip", "chunked\r\nTransfer-Encoding:", "\r\nTransfer-Encoding: chunked",
    ])
    func `any coding but a single chunked is refused`(value: String) {
        #expect(fault(lines: "Transfer-Encoding: \(value)") == .badTransferCoding)
    }

    @Test(arguments: ["chunked", "gzip", "identity", "x", "", "chunked\r\nTransfer-Encoding: chunked"])
    func `a length beside any coding is refused`(coding: String) {
        #expect(fault(lines: "Content-Length: 2\r\nTransfer-Encoding: \(coding)") == .conflictingFraming)
        #expect(fault(lines: "Transfer-Encoding: \(coding)\r\nContent-Length: 0") == .conflictingFraming)
    }

    // MARK: Header lines

    @Test(arguments: [
        "X-A : 1", "X-A\t: 1", " X-A: 1", "\tX-A: 1", ": 1", ":", "X-A", "X A: 1", "X-A: 1\r\n folded",
        "X-A: 1\r\n\tfolded",
        "X-A:\r\n 1", "X-A: 1\r\n \r\nX-B: 2", "X(A): 1", "X-Ä: 1", "\"X-A\": 1", "X-A\u{0}: 1", "Content-Length : 2",
        "Transfer-Encoding : chunked", "X-A: 1\nX-B: 2", "X-A: 1\n", "X-A: 1\r", "X-A: 1\r\r", "X-A: 1\rX-B: 2",
        "\nX-A: 1",
    ])
    func `a line that is no header line is refused`(lines: String) {
        #expect(fault(lines: lines) == .badSyntax)
    }

    @Test func `every byte that is no token byte is refused in a name`() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max where byte != 0x3A {
            let head = Array("GET / HTTP/1.1\r\nHost: h\r\nX".utf8) + [byte] + Array("A: 1\r\n\r\n".utf8)
            #expect(fault(head) == (tokens.contains(byte) ? nil : .badSyntax), "byte \(byte)")
        }
    }

    /// Beside the vector loop, within it, and as first and last byte.
    @Test(arguments: [("", ""), ("a", "b"), (String(repeating: "a", count: 20), String(repeating: "b", count: 20))])
    func `every control byte but the tab is refused in a value`(before: String, after: String) {
        for byte in UInt8.min...UInt8.max {
            let head =
                Array("GET / HTTP/1.1\r\nHost: h\r\nX-A: \(before)".utf8) + [byte] + Array("\(after)\r\n\r\n".utf8)
            let isAllowed = byte == 0x09 || byte >= 0x20 && byte != 0x7F
            #expect(fault(head) == (isAllowed ? nil : .badSyntax), "byte \(byte)")
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\n", "GET / HTTP/1.1\r\rHost: h\r\r\n", "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
    ])
    func `lines end with CR LF and nothing else`(text: String) {
        #expect(fault(text) == .badSyntax)
    }

    // MARK: The request line

    @Test(
        arguments: [
            ("GET /", .badSyntax), ("GET", .badSyntax), ("GET ", .badSyntax), ("GET  HTTP/1.1", .badSyntax),
            (" GET / HTTP/1.1", .badSyntax), ("GET\t/ HTTP/1.1", .badSyntax), ("GET / HTTP/1.1 ", .badSyntax),
            ("GET / HTTP/1.1 x", .badSyntax), ("GET /\tHTTP/1.1", .badSyntax), (" / HTTP/1.1", .badSyntax),
            ("G@T / HTTP/1.1", .badSyntax), ("GÉT / HTTP/1.1", .badSyntax), ("GET\u{0} / HTTP/1.1", .badSyntax),
            ("GET  / HTTP/1.1", .badTarget), ("GET /  HTTP/1.1", .badTarget), ("GET /a b HTTP/1.1", .badTarget),
            ("GET / / HTTP/1.1", .badTarget), ("GET /\u{7F} HTTP/1.1", .badTarget), ("GET /é HTTP/1.1", .badTarget),
            ("GET /\u{0} HTTP/1.1", .badTarget), ("GET /\ta HTTP/1.1", .badTarget), ("GET /\r HTTP/1.1", .badTarget),
            ("FOO / HTTP/1.1", .unknownMethod), ("get / HTTP/1.1", .unknownMethod), ("PRI * HTTP/1.1", .unknownMethod),
            ("GET / HTTP/1.0", .badVersion), ("GET / HTTP/0.9", .badSyntax), ("GET / HTTP/2.0", .badVersion),
            ("GET / HTTP/3.0", .badVersion), ("GET / HTTP/2.7", .badVersion), ("GET / HTTP/4.0", .badSyntax),
            ("GET / HTTP/0.0", .badSyntax), ("GET / HTTP/9.9", .badSyntax), ("GET / HTTP/1.9", .badSyntax),
            ("GET / HTTP/1.2", .badSyntax), ("PRI * HTTP/2.0", .badVersion), ("GET / http/1.1", .badSyntax),
            ("GET / HTTP/1.10", .badSyntax), ("GET / HTTP/1", .badSyntax), ("GET / HTTP/11.1", .badSyntax),
            ("GET / HTTP/1,1", .badSyntax), ("GET / HTTP/x.y", .badSyntax), ("GET / HTTPS/1.1", .badSyntax),
            ("GET / HTTP/1.x", .badSyntax), ("GET / HTTP /1.1", .badSyntax),
        ] as [(String, MessageFault)]
    )
    func `a request line that is none is refused`(line: String, expected: MessageFault) {
        #expect(fault("\(line)\r\nHost: h\r\n\r\n") == expected)
    }

    @Test(
        arguments: [
            ("GET * HTTP/1.1", .badTarget), ("GET a HTTP/1.1", .badTarget), ("GET h:80 HTTP/1.1", .badTarget),
            ("GET ?q HTTP/1.1", .badTarget), ("OPTIONS ** HTTP/1.1", .badTarget), ("GET ftp://h/ HTTP/1.1", .badTarget),
            ("GET http:/h/ HTTP/1.1", .badTarget), ("GET http:h HTTP/1.1", .badTarget),
            ("GET http:// HTTP/1.1", .badTarget),
            ("GET http:///a HTTP/1.1", .badTarget), ("GET http://?a HTTP/1.1", .badTarget),
            ("GET http://u@h/ HTTP/1.1", .badTarget), ("GET http://u:p@h/ HTTP/1.1", .badTarget),
            ("GET http://h:8a/ HTTP/1.1", .badTarget), ("GET http://[::1/ HTTP/1.1", .badTarget),
            ("GET http://a,b/ HTTP/1.1", .badTarget), ("GET http://h\\x/ HTTP/1.1", .badTarget),
            ("GET /a#b HTTP/1.1", .fragment), ("GET http://h/#b HTTP/1.1", .fragment), ("GET # HTTP/1.1", .fragment),
            ("CONNECT / HTTP/1.1", .badTarget), ("CONNECT u@h:1 HTTP/1.1", .badTarget),
        ] as [(String, MessageFault)]
    )
    func `a target that names nothing is refused`(line: String, expected: MessageFault) {
        #expect(fault("\(line)\r\nHost: h\r\n\r\n") == expected)
    }

    @Test(arguments: [
        "a:", "a:99999", "a:65536", "[::1]:", "a%00b", "a%0d%0ab", "a%2fb", "a*", "a(b", "a;b", "a'b", "a$b", "a~b",
        "a_b", "a!b", "a&b", "a=b", "a+b",
    ])
    func `an absolute target names a plain host and a port that can be one`(authority: String) {
        #expect(fault("GET http://\(authority)/ HTTP/1.1\r\nHost: h\r\n\r\n") == .badTarget)
    }

    @Test(arguments: ["a:0", "a:65535", "a:000080", "[::1]", "[::1]:80", "1.2.3.4", "-a", "a..b", "A.b-c.9"])
    func `other authorities of absolute targets are taken`(authority: String) {
        #expect(fault("GET http://\(authority)/ HTTP/1.1\r\nHost: h\r\n\r\n") == nil)
    }

    /// RFC 9110 section 4.2.1: an empty host identifier must be rejected.
    @Test(arguments: ["http://:80/", "https://:/", "http://:80"])
    func `an absolute target without a host is refused`(target: String) {
        #expect(fault("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n") == .badTarget)
    }

    // MARK: The Host

    @Test func `a request without a Host is refused`() {
        #expect(fault("GET / HTTP/1.1\r\n\r\n") == .missingHost)
        #expect(fault("GET / HTTP/1.1\r\nX-Host: h\r\n\r\n") == .missingHost)
        #expect(fault("GET http://h/ HTTP/1.1\r\n\r\n") == .missingHost)
    }

    @Test(arguments: ["a\r\nHost: b", "a\r\nHost: a", "a\r\nX-A: 1\r\nHOST: b", "a\r\nHost:", "\r\nHost: a"])
    func `two Hosts are refused, equal or not`(value: String) {
        #expect(fault("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n") == .badHost)
        #expect(fault("GET http://c/ HTTP/1.1\r\nHost: \(value)\r\n\r\n") == .badHost)
    }

    @Test(arguments: [
        "user@host", "a,b", "a, b", "a b", "h:8a", "h:80:90", "h:-1", "[::1", "::1", "[::1]x", "h/x", "http://h", "h?",
        "[:::]", "h%", "h%zz",
        "h#",
        "bücher", "\"h\"",
    ])
    func `a Host that two hops could read differently is refused, used or not`(host: String) {
        #expect(fault("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == .badHost)
        #expect(fault("GET http://c/ HTTP/1.1\r\nHost: \(host)\r\n\r\n") == .badHost)
    }

    // MARK: What the client is told

    @Test(
        arguments: [
            (.badSyntax, 400, "Bad Request"), (.badVersion, 426, "Upgrade Required"),
            (.unknownMethod, 400, "Bad Request"),
            (.badTarget, 400, "Bad Request"), (.fragment, 400, ""), (.missingHost, 400, ""),
            (.badHost, 400, "Bad Request"),
            (.badLength, 400, "Bad Request"), (.conflictingFraming, 400, "Bad Request"),
            (.unsupportedTransferCoding, 501, "Not Implemented"), (.badTransferCoding, 400, "Bad Request"),
            (.badChunk, 400, "Bad Request"), (.tooManyLines, 431, "Request Header Fields Too Large"),
            (.tooLarge, 431, "Request Header Fields Too Large"),
        ] as [(MessageFault, Int, String)]
    )
    func `every fault has its answer`(fault: MessageFault, status: Int, text: String) {
        #expect(fault.localReply.status == status)
        #expect("\(fault.localReply.body)" == text)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a mirror sees as Host, row for row as Envoy 1.40 was measured.

import TestSupport
import Testing
import UnderstudyCore

struct MirrorHostTests {
    private static let rows = [
        ("example.com", "example.com-shadow"),
        ("Example.COM", "Example.COM-shadow"),
        ("example.com:8080", "example.com-shadow:8080"),
        ("10.1.2.3", "10.1.2.3-shadow"),
        ("10.1.2.3:80", "10.1.2.3-shadow:80"),
        ("[::1]", "[::1]-shadow"),
        ("[::1]:8080", "[::1]-shadow:8080"),
        ("example.com.", "example.com.-shadow"),
        ("example.com.:80", "example.com.-shadow:80"),
        ("example.com:", "example.com-shadow:"),
        ("example.com:abc", "example.com-shadow:abc"),
        ("example.com:99999", "example.com-shadow:99999"),
        ("a:b:c", "a:b-shadow:c"),
        ("::1", ":-shadow:1"),
        ("user@example.com:80", "user@example.com-shadow:80"),
        ("", "-shadow"),
        ("a,b", "a,b-shadow"),
        (":80", "-shadow:80"),
        ("a-shadow", "a-shadow-shadow"),
    ]

    @Test(arguments: rows)
    func `the suffix stands before the port`(host: String, mirrored: String) {
        var head = RequestHead("GET /", ["host: \(host)"])
        head.becomeMirror(host: .suffixed, localAddress: [])
        #expect(head.hostText == mirrored)
    }

    @Test(arguments: rows)
    func `neighbouring bytes do not move the suffix`(host: String, mirrored: String) {
        let bytes = Array("]:[\(host)]:9".utf8)
        let range = 3..<bytes.count - 3
        let offset = MirrorHost.suffixOffset(in: bytes.span, host: range)
        let text = Array(bytes[range.lowerBound..<offset]) + MirrorHost.suffix + Array(bytes[offset..<range.upperBound])
        #expect(String(decoding: text, as: UTF8.self) == mirrored)
    }

    @Test(arguments: rows)
    func `a policy may leave the Host as it is`(host: String, mirrored: String) {
        var head = RequestHead("GET /", ["host: \(host)"])
        head.becomeMirror(host: .unchanged, localAddress: [])
        #expect(head.hostText == host)
    }

    @Test(arguments: rows)
    func `a literal is taken verbatim, without a suffix`(host: String, mirrored: String) {
        var head = RequestHead("GET /", ["host: \(host)"])
        head.becomeMirror(host: .literal(Array("Other.example:1".utf8)), localAddress: [])
        #expect(head.hostText == "Other.example:1")
    }
}

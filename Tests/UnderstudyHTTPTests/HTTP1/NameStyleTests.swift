// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header names in other cases than the proxy's own; the expected bytes are those of Envoy 1.40.

import NIOCore
import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct NameStyleTests {
    private let request =
        "GET / HTTP/1.1\r\nHOST: h\r\nX-Foo-bAr: 1\r\nx-a1b_c: 2\r\nETag: x\r\nWWW-auth:2\r\n\r\n"

    private func decoded(_ text: String, keepsNames: Bool) throws -> RequestHead {
        var rules = HeadRules()
        rules.keepsNames = keepsNames
        var decoder = RequestHeadDecoder()
        var head = RequestHead()
        #expect(try decoder.decode(Array(text.utf8).span, rules, into: &head) != nil)
        return head
    }

    private func wire(_ head: RequestHead, _ style: NameStyle) -> String {
        var buffer = ByteBuffer()
        HeadEncoder.write(head, style, to: &buffer)
        return String(buffer: buffer)
    }

    @Test func `proper names have each word raised`() throws {
        var head = try decoded(request, keepsNames: false)
        head.headers.add("x-forwarded-proto", "http")
        #expect(
            wire(head, .proper) == "GET / HTTP/1.1\r\nHost: h\r\nX-Foo-Bar: 1\r\nX-A1b_C: 2\r\nEtag: x\r\n"
                + "Www-Auth: 2\r\nX-Forwarded-Proto: http\r\n\r\n"
        )
    }

    @Test(arguments: [NameStyle.lower, .proper])
    func `names that are kept win over the style of the other side`(style: NameStyle) throws {
        var head = try decoded(request, keepsNames: true)
        head.headers.add("x-forwarded-proto", "http")
        #expect(
            wire(head, style) == "GET / HTTP/1.1\r\nHOST: h\r\nX-Foo-bAr: 1\r\nx-a1b_c: 2\r\nETag: x\r\n"
                + "WWW-auth: 2\r\nx-forwarded-proto: http\r\n\r\n"
        )
    }

    @Test func `the framing that the proxy adds has the case in which it came`() throws {
        let text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-ENCODING: chunked\r\n\r\n"
        var kept = try decoded(text, keepsNames: true)
        kept.headers.removeLines { $0.known == .transferEncoding }
        #expect(wire(kept, .lower) == text)
        var proper = try decoded(text, keepsNames: false)
        proper.headers.removeLines { $0.known == .transferEncoding }
        #expect(wire(proper, .proper) == "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    @Test func `of several cases the first is kept`() throws {
        let head = try decoded("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n", keepsNames: true)
        #expect(wire(head, .lower) == "GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n\r\n")
    }

    @Test func `a copy keeps the names, and a reset forgets them`() throws {
        let head = try decoded(request, keepsNames: true)
        var copy = RequestHead()
        copy.copy(head)
        #expect(wire(copy, .lower) == wire(head, .lower))
        copy.reset()
        #expect(copy.headers.originalNames == nil)
    }

    @Test func `plain heads note no names`() throws {
        #expect(try decoded(request, keepsNames: false).headers.originalNames == nil)
    }

    @Test(arguments: [
        (HTTP1Settings.HeaderCase.proper, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"),
        (.preserved, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"),
        (.lower, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"),
    ])
    func `answers have the listener's case`(headerCase: HTTP1Settings.HeaderCase, sent: String) {
        var limits = ServerLimits()
        limits.http1.headerCase = headerCase
        let rig = ServerRig(
            limits: limits,
            RecordingService { handler, moment in if moment == .end { handler.answer() } }
        )
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        #expect(rig.sent == sent)
    }

    @Test func `an upstream's names reach the handler if they are kept`() throws {
        let rig = try ClientRig { $0.http1.headerCase = .preserved }
        var written = ""
        rig.handler.headReaction = { head in
            var buffer = ByteBuffer()
            HeadEncoder.write(head, HeadEncoder.AnswerEnd(connection: .unsaid, answersHead: false), to: &buffer)
            written = String(buffer: buffer)
        }
        rig.begin()
        rig.receive("HTTP/1.1 200 OK\r\nX-uP: 1\r\nTransfer-ENCODING: chunked\r\n\r\n0\r\n\r\n")
        #expect(written.hasPrefix("HTTP/1.1 200 OK\r\nX-uP: 1\r\n"))
        #expect(written.hasSuffix("Transfer-ENCODING: chunked\r\n\r\n"))
    }

    @Test func `trailers stay in lower case`() {
        var limits = ServerLimits()
        limits.http1.headerCase = .proper
        limits.http1.passesTrailers = true
        let rig = ServerRig(
            limits: limits,
            RecordingService { handler, moment in
                guard moment == .end else { return }
                handler.begin(.chunked)
                handler.stream?.sendTrailers(HeaderBlock(["x-t: v"]))
                handler.stream?.endResponse()
            }
        )
        rig.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.sent == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx-t: v\r\n\r\n")
    }
}

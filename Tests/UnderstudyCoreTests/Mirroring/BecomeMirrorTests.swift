// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A mirror's head differs from the primary's in three lines and in nothing else.

import TestSupport
import Testing
import UnderstudyCore

struct BecomeMirrorTests {
    private let local = Array("192.0.2.7".utf8)

    private func mirrored(_ lines: [String], host: MirrorRule.Host = .suffixed) -> RequestHead {
        var head = RequestHead("POST /a?b", lines)
        head.framing = .length(3)
        head.becomeMirror(host: host, localAddress: local)
        return head
    }

    @Test func `host first, client lines, then internal, then the proxy's address`() {
        let head = mirrored(["host: h:1", "x-a: 1", "content-length: 3", "x-a: 2"])
        #expect(
            head.headers.texts == [
                "host: h-shadow:1", "x-a: 1", "content-length: 3", "x-a: 2",
                "x-envoy-internal: true", "x-forwarded-for: 192.0.2.7",
            ]
        )
    }

    @Test func `the proxy's address is appended where the client's list stands`() {
        let head = mirrored(["host: h", "x-forwarded-for: 10.0.0.1, 10.0.0.2", "x-a: 1"])
        #expect(
            head.headers.texts == [
                "host: h-shadow", "x-forwarded-for: 10.0.0.1, 10.0.0.2,192.0.2.7", "x-a: 1", "x-envoy-internal: true",
            ]
        )
    }

    @Test func `an empty list becomes the proxy's address alone`() {
        let head = mirrored(["host: h", "x-forwarded-for: "])
        #expect(head.headers.texts == ["host: h-shadow", "x-forwarded-for: 192.0.2.7", "x-envoy-internal: true"])
    }

    @Test(arguments: [MirrorRule.Host.suffixed, .unchanged, .literal(Array("m".utf8))])
    func `method, target and framing stay`(host: MirrorRule.Host) {
        let head = mirrored(["host: h"], host: host)
        #expect(head.methodText == "POST")
        #expect(head.method == .post)
        #expect(head.targetText == "/a?b")
        #expect(head.framing == .length(3))
    }

    @Test func `the new lines are known by their meaning`() {
        let head = mirrored(["host: h"])
        #expect(head.headers.lines.map(\.known) == [.host, .envoyInternal, .forwardedFor])
    }

    @Test func `the primary's head does not change with the copy`() {
        let primary = RequestHead("GET /", ["host: h:1", "x-forwarded-for: 10.0.0.1"])
        var copy = RequestHead("GET /old", ["host: former"])
        copy.copy(primary)
        copy.becomeMirror(host: .suffixed, localAddress: local)
        #expect(primary.headers.texts == ["host: h:1", "x-forwarded-for: 10.0.0.1"])
        #expect(copy.hostText == "h-shadow:1")
    }

    @Test func `one head may become a mirror again after it was copied anew`() {
        let primary = RequestHead("GET /", ["host: h"])
        var copy = RequestHead()
        for _ in 0..<3 {
            copy.copy(primary)
            copy.becomeMirror(host: .suffixed, localAddress: local)
            #expect(copy.headers.texts == ["host: h-shadow", "x-envoy-internal: true", "x-forwarded-for: 192.0.2.7"])
        }
    }
}

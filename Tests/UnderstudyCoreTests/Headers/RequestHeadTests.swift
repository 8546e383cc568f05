// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request head is used again and again; nothing of one request may show in the next.

import TestSupport
import Testing
import UnderstudyCore

struct RequestHeadTests {
    private var used: RequestHead {
        var head = RequestHead("POST /a?b", ["host: h", "connection: x-a"])
        head.framing = .chunked
        head.expectsContinue = true
        head.keepsAlive = false
        head.asksForUpgrade = true
        return head
    }

    private func facts(_ head: RequestHead) -> [String] {
        [
            "\(head.method)", "\(head.methodName)", "\(head.target)", "\(head.framing)", "\(head.expectsContinue)",
            "\(head.keepsAlive)", "\(head.nominatesHeaders)", "\(head.asksForUpgrade)",
        ] + head.headers.texts
    }

    @Test func `a reset head is like a new one`() {
        var head = used
        head.reset()
        #expect(facts(head) == facts(RequestHead()))
    }

    @Test func `a copy is the same in every fact`() {
        var copy = RequestHead("GET /other", ["host: other"])
        copy.copy(used)
        #expect(facts(copy) == facts(used))
    }

    @Test(arguments: [
        ("/", "/"), ("/a/b", "/a/b"), ("/a?b", "/a"), ("/a?", "/a"), ("/a?b?c", "/a"), ("/?", "/"), ("*", "*"),
        ("/a%3Fb", "/a%3Fb"),
    ])
    func `the path ends before the first question mark`(target: String, path: String) {
        let head = RequestHead("GET \(target)", ["host: h?x"])
        #expect(head.headers.text(head.path) == path)
    }
}

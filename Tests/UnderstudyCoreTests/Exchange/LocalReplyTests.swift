// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's own answers, head for head as Envoy 1.40 was measured.

import TestSupport
import Testing
import UnderstudyCore

struct LocalReplyTests {
    private let date = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)

    private func head(of reply: LocalReply, from former: ResponseHead = ResponseHead()) -> ResponseHead {
        var head = former
        head.become(reply, date: date, server: Array("understudy".utf8))
        return head
    }

    @Test(arguments: [
        (LocalReply.badRequest, 400, "Bad Request"),
        (.upgradeRequired, 426, "Upgrade Required"),
        (.notImplemented, 501, "Not Implemented"),
        (.headTooLarge, 431, "Request Header Fields Too Large"),
        (.headTimeout, 408, "request header timeout"),
        (.bodyTimeout, 408, "stream timeout"),
        (.routeNotFound, 404, ""),
        (.clusterNotFound, 503, ""),
        (.badRequestWithoutText, 400, ""),
        (.upgradeNotEnabled, 403, ""),
        (.connectNotEnabled, 404, ""),
    ])
    func `each has its status and text`(reply: LocalReply, status: Int, body: String) {
        #expect(reply.status == status)
        #expect("\(reply.body)" == body)
        #expect(!reply.isOverloaded)
    }

    @Test func `with a text: length, type, date, server`() {
        let head = head(of: .badRequest)
        #expect(head.status == 400)
        #expect(head.framing == .length(11))
        #expect(
            head.headers.texts == [
                "content-length: 11", "content-type: text/plain", "date: Sun, 06 Nov 1994 08:49:37 GMT",
                "server: understudy",
            ]
        )
    }

    @Test func `without a text: date and server only`() {
        let head = head(of: .routeNotFound)
        #expect(head.status == 404)
        #expect(head.framing == .none)
        #expect(head.headers.texts == ["date: Sun, 06 Nov 1994 08:49:37 GMT", "server: understudy"])
    }

    @Test func `an overload is told, before the date`() {
        let head = head(of: UpstreamFailure.overflow.localReply)
        #expect(head.headers.texts.prefix(3).last == "x-envoy-overloaded: true")
        #expect(head.headers.texts.count == 5)
    }

    @Test func `nothing of the answer that stood there before is left`() {
        var former = ResponseHead(status: 200, framing: .chunked, ["set-cookie: a=b", "connection: x"])
        former.keepsAlive = false
        let head = head(of: .routeNotFound, from: former)
        #expect(head.headers.texts.count == 2)
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
        #expect(!head.nominatesHeaders)
    }

    @Test func `its lines are known by their meaning`() {
        #expect(head(of: .badRequest).headers.lines.map(\.known) == [.contentLength, .other, .date, .server])
    }
}

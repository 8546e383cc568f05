// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The proxy's own answers, head for head as Envoy 1.40 was measured.

import TestSupport
import Testing
import UnderstudyCore

struct LocalReplyTests {
    private func head(of draft: ReplyDraft, from former: ResponseHead = ResponseHead()) -> ResponseHead {
        var head = former
        head.begin(draft)
        head.addContent(draft)
        return head
    }

    private func head(of reply: LocalReply) -> ResponseHead { head(of: ReplyDraft(reply)) }

    @Test(arguments: [
        (LocalReply.badRequest, 400, "Bad Request"),
        (.upgradeRequired, 426, "Upgrade Required"),
        (.notImplemented, 501, "Not Implemented"),
        (.headTooLarge, 431, "Request Header Fields Too Large"),
        (.headTimeout, 408, "request header timeout"),
        (.bodyTimeout, 408, "stream timeout"),
        (.routeNotFound, 404, ""),
        (.clusterNotFound(500), 500, ""),
        (.noForwarding, 503, ""),
        (.pathRefused, 400, ""),
        (.requestTimeout, 408, "request timeout"),
        (.idleTimeout, 504, "stream timeout"),
        (.durationTimeout(requestIsComplete: true), 504, "downstream duration timeout"),
        (.durationTimeout(requestIsComplete: false), 408, "downstream duration timeout"),
        (.alternativeTimeout, 204, ""),
        (.badRequestWithoutText, 400, ""),
        (.upgradeNotEnabled, 403, ""),
    ])
    func `each has its status and text`(reply: LocalReply, status: Int, body: String) {
        #expect(reply.status == status)
        #expect("\(reply.body)" == body)
        #expect(!reply.isOverloaded)
    }

    @Test func `with a text: length, then type`() {
        let head = head(of: .badRequest)
        #expect(head.status == 400)
        #expect(head.framing == .length(11))
        #expect(head.headers.texts == ["content-length: 11", "content-type: text/plain"])
    }

    @Test func `without a text: no line of its own`() {
        let head = head(of: .routeNotFound)
        #expect(head.status == 404)
        #expect(head.framing == .none)
        #expect(head.headers.texts.isEmpty)
    }

    @Test func `an overload is told first`() {
        let draft = UpstreamFailure.overflow.reply()
        var head = ResponseHead()
        head.begin(draft)
        head.addOverload(draft)
        head.addContent(draft)
        #expect(head.headers.texts.first == "x-envoy-overloaded: true")
        #expect(head.headers.texts.count == 3)
    }

    @Test func `a location comes before all else`() {
        var draft = ReplyDraft(status: 301)
        draft.location = Array("http://h/".utf8)
        #expect(head(of: draft).headers.texts == ["location: http://h/"])
    }

    @Test func `the type that a route has added stays, and is the only one`() {
        var head = ResponseHead()
        let draft = ReplyDraft(status: 200, body: Array("{}".utf8))
        head.begin(draft)
        head.headers.add("content-type", "application/json")
        head.addContent(draft)
        #expect(head.headers.texts == ["content-type: application/json", "content-length: 2"])
    }

    @Test(arguments: [(404, "12"), (503, "14"), (400, "13"), (200, "2"), (403, "7"), (401, "16"), (504, "14")])
    func `a client of gRPC gets a 200 and a status of its own`(status: Int, expected: String) {
        var draft = ReplyDraft(status: status, body: Array("no 100% of é\n".utf8))
        draft.isGRPC = true
        let head = head(of: draft)
        #expect(head.status == 200)
        #expect(head.framing == .none)
        #expect(
            head.headers.texts == [
                "content-type: application/grpc", "grpc-status: \(expected)",
                "grpc-message: no 100%25 of %C3%A9%0A",
            ]
        )
    }

    @Test func `nothing of the answer that stood there before is left`() {
        var former = ResponseHead(status: 200, framing: .chunked, ["set-cookie: a=b", "connection: x"])
        former.keepsAlive = false
        let head = head(of: ReplyDraft(.routeNotFound), from: former)
        #expect(head.headers.texts.isEmpty)
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
        #expect(!head.nominatesHeaders)
    }

    @Test func `its lines are known by their meaning`() {
        #expect(head(of: .badRequest).headers.lines.map(\.known) == [.contentLength, .other])
    }
}

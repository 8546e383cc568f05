// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What clients are told when the primary lets them down, word for word.

import Testing
import UnderstudyCore

struct UpstreamFailureTests {
    private static let before = "upstream connect error or disconnect/reset before headers. reset reason: "

    @Test(
        arguments: [
            (.noHealthyUpstream, 503, "no healthy upstream"),
            (.overflow, 503, before + "overflow"),
            (.connectFailure, 503, before + "remote connection failure"),
            (.connectTimeout, 503, before + "connection timeout"),
            (.closed, 503, before + "connection termination"),
            (.reset, 503, before + "connection termination"),
            (.streamReset, 503, before + "remote reset"),
            (.streamRefused, 503, before + "remote refused stream reset"),
            (.goneAway, 503, before + "remote refused stream reset"),
            (.protocolError, 502, before + "protocol error"),
            (.timeout, 504, "upstream request timeout"),
        ] as [(UpstreamFailure, Int, String)]
    )
    func `each failure has its status and text`(failure: UpstreamFailure, status: Int, text: String) {
        let reply = failure.reply()
        #expect(reply.status == status)
        #expect(failure.status == status)
        #expect(String(decoding: reply.body, as: UTF8.self) == text)
        #expect(reply.isOverloaded == (failure == .overflow))
        #expect(!reply.flag.description.isEmpty)
        #expect(!reply.details.description.isEmpty)
    }

    @Test func `after other tries the client is told so`() {
        let text = String(decoding: UpstreamFailure.closed.reply(wasRetried: true).body, as: UTF8.self)
        #expect(text.hasSuffix("before headers. retried and the latest reset reason: connection termination"))
    }
}

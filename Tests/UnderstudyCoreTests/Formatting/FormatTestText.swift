// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Format strings written as text, for tables of cases.

import TestSupport
import UnderstudyCore

extension FormatString {
    /// The text for one exchange.
    func text(
        _ request: borrowing RequestHead,
        response: ResponseHead? = nil,
        facts: ExchangeFacts = ExchangeFacts(),
        absent: AbsentValue = .dash
    ) -> String {
        var bytes: [UInt8] = []
        append(to: &bytes, request: request, response: response, facts: facts, absent: absent)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text of a string without commands.
    var plainText: String { text(RequestHead("GET /", ["host: h"])) }
}

extension ExchangeFacts {
    /// An exchange of which everything is known.
    static var complete: ExchangeFacts {
        var facts = ExchangeFacts()
        facts.remote = NetworkAddress(host: Array("10.0.0.1".utf8), port: 0)
        facts.directRemote = NetworkAddress(host: Array("127.0.0.1".utf8), port: 5000)
        facts.local = NetworkAddress(host: Array("::1".utf8), port: 80)
        facts.connectionID = 7
        facts.startTime = 1_795_548_593_729_233_000
        facts.elapsed = 12_999_999
        facts.routeName = Array("rn".utf8)
        facts.clusterName = Array("up".utf8)
        facts.upstream = NetworkAddress(host: Array("127.0.0.2".utf8), port: 9182)
        facts.upstreamLocal = NetworkAddress(host: Array("127.0.0.3".utf8), port: 53006)
        facts.upstreamName = Array("up.example".utf8)
        facts.upstreamProtocol = "HTTP/1.1"
        facts.answerTime = 9_000_000
        facts.attempts = 2
        facts.status = 503
        facts.responseFlags = ["UF", "URX"]
        facts.responseDetails = "delayed connect error: refused"
        facts.bytesReceived = 100_000
        facts.bytesSent = 5
        facts.localReplyBody = Array("hi\n\"there\"".utf8)
        facts.hostname = Array("vm".utf8)
        return facts
    }
}

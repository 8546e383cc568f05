// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a decoder made of some bytes, as plain values that tests can compare and failures can show.

import NIOCore
import TestSupport
import UnderstudyCore
import UnderstudyHTTP

enum Decoding<Head: Equatable>: Equatable {
    case head(Head, length: Int)
    case incomplete
    case refused(MessageFault)
}

struct DecodedRequest: Equatable {
    var start: String
    /// The Host first.
    var lines: [String]
    var framing = BodyFraming.none
    var flags: Set<Flag> = []

    enum Flag { case expectsContinue, closes, nominates, asksForUpgrade }

    init(_ start: String, _ lines: [String], _ framing: BodyFraming = .none, _ flags: Set<Flag> = []) {
        self.start = start
        self.lines = lines
        self.framing = framing
        self.flags = flags
    }

    init(_ head: RequestHead) {
        start = "\(head.methodText) \(head.targetText)"
        lines = head.headers.texts
        framing = head.framing
        if head.expectsContinue { flags.insert(.expectsContinue) }
        if !head.keepsAlive { flags.insert(.closes) }
        if head.nominatesHeaders { flags.insert(.nominates) }
        if head.asksForUpgrade { flags.insert(.asksForUpgrade) }
    }

    static func decode(_ bytes: [UInt8], limits: MessageLimits = MessageLimits()) -> Decoding<DecodedRequest> {
        let rules = HeadRules(limits: limits)
        var decoder = RequestHeadDecoder()
        var head = RequestHead()
        do throws(MessageFault) {
            guard let length = try decoder.decode(bytes.span, rules, into: &head) else { return .incomplete }
            return .head(DecodedRequest(head), length: length)
        } catch {
            return .refused(error)
        }
    }

    static func decode(_ text: String) -> Decoding<DecodedRequest> { decode(Array(text.utf8)) }
}

struct DecodedResponse: Equatable {
    var status: Int
    var lines: [String]
    var framing: BodyFraming
    var keepsAlive: Bool

    init(_ status: Int, _ lines: [String], _ framing: BodyFraming, keepsAlive: Bool = true) {
        self.status = status
        self.lines = lines
        self.framing = framing
        self.keepsAlive = keepsAlive
    }

    init(_ head: ResponseHead) {
        self.init(head.status, head.headers.texts, head.framing, keepsAlive: head.keepsAlive)
    }

    static func decode(
        _ bytes: [UInt8],
        answering method: UnderstudyCore.Method = .get,
        limits: MessageLimits = MessageLimits()
    ) -> Decoding<DecodedResponse> {
        let rules = HeadRules(limits: limits)
        var decoder = ResponseHeadDecoder()
        var head = ResponseHead()
        do throws(MessageFault) {
            guard let length = try decoder.decode(bytes.span, rules, answering: method, into: &head) else {
                return .incomplete
            }
            return .head(DecodedResponse(head), length: length)
        } catch {
            return .refused(error)
        }
    }

    static func decode(
        _ text: String,
        answering method: UnderstudyCore.Method = .get
    ) -> Decoding<DecodedResponse> {
        decode(Array(text.utf8), answering: method)
    }
}

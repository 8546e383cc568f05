// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// What a decoder made of some bytes, as values that can be compared and shown.

internal import TestSupport
internal import UnderstudyCore
internal import UnderstudyHTTP

/// What became of the bytes at the start of a stream.
enum Reading<Head: Equatable>: Equatable {
    case head(Head, length: Int)
    case incomplete
    case refused(MessageFault)

    init(_ decode: () throws(MessageFault) -> (Head, Int)?) {
        do throws(MessageFault) {
            guard let (head, length) = try decode() else {
                self = .incomplete
                return
            }
            self = .head(head, length: length)
        } catch {
            self = .refused(error)
        }
    }
}

struct RequestFacts: Equatable {
    let method: String
    let target: String
    let lines: [String]
    let framing: BodyFraming
    let flags: [Bool]

    init(_ head: borrowing RequestHead) {
        method = head.methodText
        target = head.targetText
        lines = head.headers.texts
        framing = head.framing
        flags = [
            head.expectsContinue, head.keepsAlive, head.nominatesHeaders, head.asksForUpgrade, head.isHTTP10,
            head.lacksHost, head.saysHTTPS,
        ]
    }

    static func read(_ bytes: [UInt8], _ rules: HeadRules = HeadRules()) -> Reading<RequestFacts> {
        Reading { () throws(MessageFault) in
            var decoder = RequestHeadDecoder()
            var head = RequestHead()
            guard let length = try decoder.decode(bytes.span, rules, into: &head) else { return nil }
            return (RequestFacts(head), length)
        }
    }
}

struct AnswerFacts: Equatable {
    let status: Int
    let lines: [String]
    let framing: BodyFraming
    let keepsAlive: Bool

    init(_ head: borrowing ResponseHead) {
        status = head.status
        lines = head.headers.texts
        framing = head.framing
        keepsAlive = head.keepsAlive
    }

    static func read(_ bytes: [UInt8], answering method: Method) -> Reading<AnswerFacts> {
        Reading { () throws(MessageFault) in
            var decoder = ResponseHeadDecoder()
            var head = ResponseHead()
            guard let length = try decoder.decode(bytes.span, answering: method, into: &head) else { return nil }
            return (AnswerFacts(head), length)
        }
    }
}

/// Whether a line says where the message ends.
func isFraming(_ line: String) -> Bool {
    line.hasPrefix("content-length:") || line.hasPrefix("transfer-encoding:")
}

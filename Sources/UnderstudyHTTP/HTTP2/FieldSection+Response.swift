// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Fields to an answer or to trailers, with every rule that decides whether they may be that.

public import UnderstudyCore

extension FieldSection {
    /// Makes the fields the head of an answer, interim or not, whose memory is swapped with that of the section.
    ///
    /// Its framing is `none` if no body follows, also where the end of the stream is still to come (HEAD, 204, 304).
    /// A body without `content-length` is `chunked`; 2xx to CONNECT is `untilClose`.
    ///
    /// - Parameters:
    ///   - head: Fresh or reset; of no use if this throws.
    ///   - method: Of the request that is answered; an extended CONNECT's is `connect`.
    public mutating func makeResponse(
        _ head: inout ResponseHead,
        endsStream: Bool,
        answering method: Method
    ) throws(MessageFault) {
        try refuseFaults()
        guard !hasRequestField, let status, status.count == 3, let code = Decimal.parse(headers.bytes.span, status)
        else { throw .badSyntax }
        // RFC 9113 sections 8.6 and 8.1: no 101, and nothing ends with an interim answer.
        guard code >= 100, code != 101, code >= 200 || !endsStream else { throw .badSyntax }
        head.status = code
        restoreCrumbs()
        headers.joinRepeatedLines(of: .response)
        var facts = FramingFacts()
        for (index, line) in headers.lines.enumerated() where line.known == .contentLength {
            try facts.addLength(headers.bytes.span, line.value, line: index)
        }
        facts.settleLength(&headers)
        let isTunnel = method == .connect && (200..<300).contains(code)
        head.framing = try isTunnel ? .untilClose : framing(facts, head.status, endsStream, method)
        swap(&head.headers, &headers)
    }

    private mutating func framing(
        _ facts: FramingFacts,
        _ status: Int,
        _ endsStream: Bool,
        _ method: Method
    ) throws(MessageFault) -> BodyFraming {
        let framing = try facts.responseFraming(status: status, answersHead: method == .head)
        contentLength = 0
        switch framing {
        case .length where endsStream: throw .badLength
        case .length(let length):
            contentLength = length
            return framing
        case .none where facts.length == 0 && !endsStream && status >= 200 && method != .head:
            return status == 204 || status == 304 ? .none : .length(0)
        case .none: return .none
        case .chunked, .untilClose:
            guard !endsStream else { return .none }
            contentLength = nil
            return .chunked
        }
    }

    /// The lines of a trailer section that may go on.
    ///
    /// - Throws: `tooLarge` or `tooManyLines`; anything else is a malformed message.
    public mutating func makeTrailers() throws(MessageFault) -> HeaderBlock {
        try refuseFaults()
        guard !hasRequestField, status == nil else { throw .badSyntax }
        guard listBytes <= limits.trailerBytes else { throw .tooLarge }
        restoreCrumbs()
        headers.removeForbiddenTrailers()
        return headers
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a header block was decoded to, as plain values that tests can compare and failures can show.

import NIOCore
import TestSupport
import UnderstudyCore
import UnderstudyHTTP

/// A request that was made of fields.
enum MadeRequest: Equatable {
    case head(DecodedFields, BodyFraming)
    case refused(MessageFault)

    /// - Parameter fields: `name: value`, pseudo-fields with their colon.
    static func of(
        _ fields: [String],
        endsStream: Bool = true,
        rules: HeadRules = HeadRules(),
        allowsConnectProtocol: Bool = false
    ) -> MadeRequest {
        var section = FieldSection.of(BlockWriter(fields).bytes, rules.limits)
        var head = RequestHead()
        do throws(MessageFault) {
            try section.makeRequest(
                &head,
                endsStream: endsStream,
                rules: rules,
                allowsConnectProtocol: allowsConnectProtocol
            )
            return .head(DecodedFields(head), head.framing)
        } catch {
            return .refused(error)
        }
    }
}

/// An answer that was made of fields.
enum MadeResponse: Equatable {
    case head(Int, [String], BodyFraming)
    case refused(MessageFault)

    static func of(
        _ fields: [String],
        endsStream: Bool = true,
        answering method: UnderstudyCore.Method = .get
    ) -> MadeResponse {
        var section = FieldSection.of(BlockWriter(fields).bytes)
        var head = ResponseHead()
        do throws(MessageFault) {
            try section.makeResponse(&head, endsStream: endsStream, answering: method)
            return .head(head.status, head.headers.texts, head.framing)
        } catch {
            return .refused(error)
        }
    }
}

struct DecodedFields: Equatable {
    var start: String
    var lines: [String]

    init(_ start: String, _ lines: [String]) {
        self.start = start
        self.lines = lines
    }

    init(_ head: RequestHead) {
        start = "\(head.methodText) \(head.targetText)"
        lines = head.headers.texts
    }
}

extension FieldSection {
    /// What a block decodes to with an empty table.
    static func of(_ block: [UInt8], _ limits: MessageLimits = MessageLimits()) -> FieldSection {
        var decoder = HPACKDecoder(tableBytes: 4096)
        var section = FieldSection()
        do {
            try decoder.decode(block.span, limits: limits, into: &section)
        } catch {
            preconditionFailure("not a block: \(error)")
        }
        return section
    }

    /// Every field as `name: value`, pseudo-fields first.
    var texts: [String] {
        let pseudo: [(String, Range<Int>?)] = [
            (":method", method), (":scheme", scheme), (":authority", authority), (":path", path), (":status", status),
            (":protocol", protocolName),
        ]
        let present = pseudo.compactMap { name, value in value.map { "\(name): \(headers.text($0))" } }
        let lines = authority == nil ? headers.texts : Array(headers.texts.dropFirst())
        return present + lines
    }
}

extension [UInt8] {
    /// The bytes that hexadecimal digits stand for.
    init(hex: String) {
        let digits = hex.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
        self = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}

extension ByteBuffer {
    var bytes: [UInt8] { Array(readableBytesView) }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the header lines say about where a message ends and what happens to the connection then.

internal import UnderstudyCore

/// Collected while the lines of one head are read.
///
/// - Source: RFC 9112 sections 6.1 to 6.3 and 9.3. Repeated or differing lengths are refused rather than merged.
struct FramingFacts {
    var hostLine = 0
    private(set) var length: Int?
    /// The line of a length with leading zeros, which some take for octal.
    private(set) var paddedLengthLine: Int?
    private var coding: TransferCoding?
    private(set) var saysClose = false
    private(set) var saysKeepAlive = false
    private(set) var saysUpgrade = false
    private(set) var nominates = false
    private var commas = 0

    private static let mostNominations = 64

    mutating func addLength(_ bytes: Span<UInt8>, _ value: Range<Int>, line: Int) throws(MessageFault) {
        guard length == nil, let number = Decimal.parse(bytes, value) else { throw .badLength }
        length = number
        if value.count > 1, bytes[value.lowerBound] == 0x30 { paddedLengthLine = line }
    }

    mutating func addTransferCoding(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        coding = coding == nil ? TransferCoding(bytes, value) : .malformed
    }

    /// - Returns: Whether the body is chunked.
    private func isChunked() throws(MessageFault) -> Bool {
        guard let coding else { return false }
        guard length == nil else { throw .conflictingFraming }
        switch coding {
        case .chunked: return true
        case .unsupported: throw .unsupportedTransferCoding
        case .malformed: throw .badTransferCoding
        }
    }

    /// - Throws: If the list is longer than any honest one: each element costs a search through all lines.
    mutating func addConnection(_ bytes: Span<UInt8>, _ line: HeaderBlock.Line) throws(MessageFault) {
        if HeaderToken.isExactly("keep-alive", bytes, line.value) {
            // Nobody keeps a connection for the sake of `proxy-connection`.
            saysKeepAlive = saysKeepAlive || line.known == .connection
            return
        }
        if HeaderToken.isExactly("close", bytes, line.value) {
            saysClose = true
            return
        }
        for offset in line.value where bytes[offset] == 0x2C { commas += 1 }
        guard commas < Self.mostNominations else { throw .badSyntax }
        for token in HeaderToken.list(bytes, line.value) {
            switch String(decoding: token, as: UTF8.self) {
            case "close": saysClose = true
            case "keep-alive": saysKeepAlive = saysKeepAlive || line.known == .connection
            case "upgrade": saysUpgrade = true
            default: nominates = nominates || line.known == .connection
            }
        }
    }

    /// Writes the length without the zeros in front of it.
    func settleLength(_ headers: inout HeaderBlock) {
        guard let line = paddedLengthLine, let length else { return }
        headers.setValue(at: line) { $0.append(decimal: length) }
    }

    func requestFraming() throws(MessageFault) -> BodyFraming {
        if try isChunked() { return .chunked }
        guard let length, length > 0 else { return .none }
        return .length(length)
    }

    func responseFraming(status: Int, answersHead: Bool) throws(MessageFault) -> BodyFraming {
        let isChunked = try isChunked()
        if status < 200 || status == 204 {
            // These may not announce a body (RFC 9110 section 8.6, RFC 9112 section 6.1); whoever does may send one.
            guard !isChunked, length ?? 0 == 0 else { throw .conflictingFraming }
            return .none
        }
        if answersHead || status == 304 { return .none }
        if isChunked { return .chunked }
        guard let length else { return .untilClose }
        return length > 0 ? .length(length) : .none
    }
}

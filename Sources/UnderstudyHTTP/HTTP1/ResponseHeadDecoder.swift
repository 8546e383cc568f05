// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Answer bytes to a `ResponseHead`.

public import UnderstudyCore

/// Decodes answer heads.
///
/// Holds no state between heads but its memory.
public struct ResponseHeadDecoder {
    private var lines: HeaderLineDecoder

    public init() {
        lines = HeaderLineDecoder(limits: MessageLimits())
    }

    /// Decodes the head at the start of `bytes` into `head`, which must be fresh or reset.
    ///
    /// - Parameter method: The method of the request that this answers, which decides whether a body follows.
    /// - Returns: The length of the head, or `nil` if it is not complete. `head` is then unchanged.
    public mutating func decode(
        _ bytes: Span<UInt8>,
        _ rules: HeadRules = HeadRules(),
        answering method: Method,
        into head: inout ResponseHead
    ) throws(MessageFault) -> Int? {
        lines.limits = rules.limits
        lines.keepsNames = rules.keepsNames
        guard let line = try lines.line(in: bytes, from: 0) else {
            // Whoever speaks something else may never send a line's end.
            guard Self.mayBeStatusLine(bytes) else { throw .badSyntax }
            return nil
        }
        let (status, isVersion1) = try Self.statusLine(bytes, line)
        guard let length = try lines.scan(bytes, from: line.upperBound + 2) else { return nil }
        lines.store(bytes, headLength: length, into: &head.headers)
        head.headers.joinRepeatedLines(of: .response)
        head.status = status
        try interpret(&head, method: method, isVersion1: isVersion1)
        return length
    }

    private func interpret(
        _ head: inout ResponseHead,
        method: Method,
        isVersion1: Bool
    ) throws(MessageFault) {
        var facts = FramingFacts()
        for (index, line) in head.headers.lines.enumerated() {
            switch line.known {
            case .contentLength: try facts.addLength(head.headers.bytes.span, line.value, line: index)
            case .transferEncoding:
                // HTTP/1.0 has no transfer codings; whoever sends one frames badly (RFC 9112 section 6.1).
                guard !isVersion1 else { throw .unsupportedTransferCoding }
                facts.addTransferCoding(head.headers.bytes.span, line.value)
            case .connection: try facts.addConnection(head.headers.bytes.span, line)
            default: break
            }
        }
        head.framing = try facts.responseFraming(status: head.status, answersHead: method.isHead)
        facts.settleLength(&head.headers)
        head.nominatesHeaders = facts.nominates
        head.keepsAlive = !facts.saysClose && (!isVersion1 || facts.saysKeepAlive) && !head.framing.isUntilClose
    }

    private static let version = Array("HTTP/1.".utf8)

    private static func mayBeStatusLine(_ bytes: Span<UInt8>) -> Bool {
        for index in 0..<min(bytes.count, version.count) where bytes[index] != version[index] { return false }
        return true
    }

    private static func statusLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(MessageFault) -> (Int, Bool) {
        // "HTTP/1.x nnn", then nothing or a space and any phrase (RFC 9112 section 4).
        guard line.count >= 12, ByteScan.equals(bytes, at: line.lowerBound, "HTTP/1.") else { throw .badSyntax }
        let minor = bytes[line.lowerBound + 7]
        guard minor == 0x30 || minor == 0x31, bytes[line.lowerBound + 8] == 0x20 else { throw .badSyntax }
        let digits = line.lowerBound + 9..<line.lowerBound + 12
        guard let status = Decimal.parse(bytes, digits), status >= 100 else { throw .badSyntax }
        if line.count > 12 {
            guard bytes[digits.upperBound] == 0x20 else { throw .badSyntax }
            guard ByteScan.isFieldValue(bytes, digits.upperBound..<line.upperBound) else { throw .badSyntax }
        }
        return (status, minor == 0x30)
    }
}

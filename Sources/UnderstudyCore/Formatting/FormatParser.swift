// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Finds the commands in a format string, in one pass over it.

/// One format string while it is taken apart.
struct FormatParser {
    private let text: String
    private let bytes: [UInt8]
    private var pieces: [FormatString.Piece] = []
    private var literal: [UInt8] = []

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    mutating func parse(environment: (String) -> String?) throws(FormatFault) -> [FormatString.Piece] {
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] != 0x25 {
                literal.append(bytes[offset])
                offset += 1
            } else if offset + 1 < bytes.count, bytes[offset + 1] == 0x25 {
                literal.append(0x25)
                offset += 2
            } else {
                let (token, end) = try token(at: offset)
                try add(token, environment)
                offset = end
            }
        }
        endLiteral()
        return pieces
    }

    private mutating func add(_ token: CommandToken, _ environment: (String) -> String?) throws(FormatFault) {
        endLiteral()
        if token.name == "ENVIRONMENT" {
            literal = try token.environment(environment)
            // A piece of its own, so that in JSON it stays one value.
            endLiteral()
        } else {
            pieces.append(.command(try FormatCommand(token)))
        }
    }

    private mutating func endLiteral() {
        guard !literal.isEmpty else { return }
        pieces.append(.literal(literal))
        literal.removeAll()
    }

    /// The command that begins with the `%` at `start`, and the offset behind its last `%`.
    ///
    /// - Source: Envoy's `^%((?:[A-Z]|[0-9]|_)+)(?:\((.*?)\))?(?::([0-9]+))?%`, whose dot stands for no line feed.
    private func token(at start: Int) throws(FormatFault) -> (CommandToken, end: Int) {
        var offset = start + 1
        while offset < bytes.count, Self.isNameByte(bytes[offset]) { offset += 1 }
        let name = String(decoding: bytes[start + 1..<offset], as: UTF8.self)
        if !name.isEmpty {
            if let (limit, end) = limitAndEnd(at: offset) {
                return (CommandToken(name: name, argument: [], limit: limit), end)
            }
            if offset < bytes.count, bytes[offset] == 0x28, let found = argument(from: offset + 1) {
                return (CommandToken(name: name, argument: found.argument, limit: found.limit), found.end)
            }
        }
        throw FormatFault(
            .invalid,
            "Incorrect configuration: \(text). Couldn't find valid command at position \(start)"
        )
    }

    /// Up to the first closing bracket behind which the command can end.
    private func argument(from start: Int) -> (argument: [UInt8], limit: Int?, end: Int)? {
        var offset = start
        while offset < bytes.count, bytes[offset] != 0x0A {
            if bytes[offset] == 0x29, let (limit, end) = limitAndEnd(at: offset + 1) {
                return (Array(bytes[start..<offset]), limit, end)
            }
            offset += 1
        }
        return nil
    }

    /// `%`, or a colon, digits and `%`.
    private func limitAndEnd(at start: Int) -> (limit: Int?, end: Int)? {
        guard start < bytes.count else { return nil }
        if bytes[start] == 0x25 { return (nil, start + 1) }
        guard bytes[start] == 0x3A else { return nil }
        var end = start + 1
        while end < bytes.count, (0x30...0x39).contains(bytes[end]) { end += 1 }
        guard end < bytes.count, bytes[end] == 0x25 else { return nil }
        guard let limit = Decimal.parse(bytes.span, start + 1..<end) else { return nil }
        return (limit, end + 1)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x30...0x39, 0x5F: true
        default: false
        }
    }
}

/// A command as it is spelt.
struct CommandToken {
    let name: String
    let argument: [UInt8]
    /// Longest value, in bytes.
    let limit: Int?

    var argumentText: String { String(decoding: argument, as: UTF8.self) }

    /// Checks what every command of this sort is checked for, in Envoy's order.
    func require(argument needsArgument: Bool, limit allowsLimit: Bool) throws(FormatFault) {
        if needsArgument, argument.isEmpty { throw FormatFault(.invalid, "\(name) requires parameters") }
        if !allowsLimit, limit != nil { throw FormatFault(.invalid, "\(name) does not allow length to be specified.") }
    }

    func requireNothing() throws(FormatFault) {
        guard argument.isEmpty, limit == nil else {
            throw FormatFault(.invalid, "\(name) does not take any parameters or length")
        }
    }

    /// The argument as a format of time.
    func timeFormat() throws(FormatFault) -> TimeFormat {
        try require(argument: false, limit: false)
        return try TimeFormat(argument)
    }

    /// The argument as a number of 32 bits, `nil` if it is none.
    ///
    /// - Source: Abseil's `SimpleAtoi`, which allows a sign, and blanks around it.
    var number: Int? {
        var digits = argument[...]
        while let first = digits.first, Self.isBlank(first) { digits.removeFirst() }
        while let last = digits.last, Self.isBlank(last) { digits.removeLast() }
        let isNegative = digits.first == 0x2D
        if isNegative || digits.first == 0x2B { digits.removeFirst() }
        guard let value = Decimal.parse(Array(digits).span, 0..<digits.count), value <= Int32.max else { return nil }
        return isNegative ? -value : value
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The variable's value, or a dash.
    ///
    /// - Source: Envoy reads the variable once, too; control bytes, which it would pass on, are refused.
    func environment(_ value: (String) -> String?) throws(FormatFault) -> [UInt8] {
        try require(argument: true, limit: true)
        let bytes = Array((value(argumentText) ?? "-").utf8)
        guard ByteScan.isFieldValue(bytes.span, 0..<bytes.count) else {
            throw FormatFault(.invalid, "environment variable \(argumentText) has a control byte")
        }
        guard let limit else { return bytes }
        return Array(bytes.prefix(limit))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Text with `%COMMAND(argument):length%` in it, taken apart once and written for many exchanges.

/// What stands where a command has no value.
public enum AbsentValue: Sendable, Equatable {
    /// Nothing: in header values, and in bodies that omit empty values.
    case empty
    /// `-`
    case dash
}

/// A compiled format string.
///
/// - Source: Envoy "Access log format strings"; every command measured on Envoy 1.40.
public struct FormatString: Sendable, Equatable {
    public enum Piece: Sendable, Equatable {
        /// Never empty.
        case literal([UInt8])
        case command(FormatCommand)
    }

    /// No two literals are neighbours, unless an environment variable is one of them.
    public let pieces: [Piece]

    /// Takes a format string apart.
    ///
    /// - Parameter environment: The value of an environment variable, asked for while parsing only.
    public init(_ text: String, environment: (String) -> String? = { _ in nil }) throws(FormatFault) {
        var parser = FormatParser(text)
        pieces = try parser.parse(environment: environment)
    }

    private init(pieces: [Piece]) {
        self.pieces = pieces
    }

    /// One piece of another string.
    init(_ piece: Piece) {
        self.init(pieces: [piece])
    }

    /// Text without commands; a `%` in it is only that.
    public static func literal(_ text: String) -> FormatString {
        FormatString(pieces: text.isEmpty ? [] : [.literal(Array(text.utf8))])
    }

    /// Whether the text is the same for every exchange.
    public var isLiteral: Bool {
        pieces.allSatisfy { piece in
            if case .literal = piece { true } else { false }
        }
    }

    /// Writes the text for one exchange.
    ///
    /// Bytes of a query parameter are written as they are decoded, control bytes included; what puts the text into a
    /// header line has to look at it.
    public func append(
        to bytes: inout [UInt8],
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts,
        absent: AbsentValue
    ) {
        for piece in pieces {
            switch piece {
            case .literal(let text): bytes.append(contentsOf: text)
            case .command(let command):
                guard !command.append(to: &bytes, request: request, response: response, facts: facts) else { continue }
                if absent == .dash { bytes.append(0x2D) }
            }
        }
    }
}

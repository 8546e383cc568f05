// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The form of a log line, as `--log-format` says it.

internal import UnderstudyHTTP

/// - Source: Envoy `--log-format`, whose letters are those of spdlog; measured on Envoy 1.40. Times are UTC.
struct LogPattern: Sendable {
    /// Envoy's default.
    static let standard = "[%Y-%m-%d %T.%e][%t][%l][%n] [%g:%#] %v"

    private enum Piece: Sendable {
        case text(String)
        case field(Character, Padding?)
    }

    private struct Padding: Sendable {
        enum Side: Sendable { case left, right, both }

        var side: Side
        /// 1 to 64.
        var width: Int
    }

    private let pieces: [Piece]

    init(_ format: String) {
        var pieces: [Piece] = []
        var literal = ""
        var rest = Substring(format)
        while let character = rest.popFirst() {
            guard character == "%" else {
                literal.append(character)
                continue
            }
            let whole = rest
            let padding = Self.padding(&rest)
            guard let letter = rest.popFirst(), Self.letters.contains(letter) else {
                literal.append("%")
                rest = whole
                continue
            }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = ""
            pieces.append(.field(letter, padding))
        }
        if !literal.isEmpty { pieces.append(.text(literal)) }
        self.pieces = pieces
    }

    /// `8`, `-8` or `=8`: on the left, the right or both sides are spaces.
    private static func padding(_ rest: inout Substring) -> Padding? {
        var side = Padding.Side.left
        if let first = rest.first, first == "-" || first == "=" {
            side = first == "-" ? .right : .both
            rest.removeFirst()
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        guard let width = Int(digits), width > 0 else { return nil }
        return Padding(side: side, width: min(64, width))
    }

    private static let letters = Set("vjt_PnlLaAbBcCYDmdHIMSefFEpRTXrzgs#!@%^$xyh+")

    func line(_ record: LogRecord) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .text(let text): result += text
            case .field(let letter, let padding):
                let text = LogFields.text(letter, record)
                result += padding.map { Self.pad(text, $0) } ?? text
            }
        }
        return result + "\n"
    }

    private static func pad(_ text: String, _ padding: Padding) -> String {
        let room = padding.width - text.count
        guard room > 0 else { return text }
        let spaces = { String(repeating: " ", count: $0) }
        switch padding.side {
        case .left: return spaces(room) + text
        case .right: return text + spaces(room)
        case .both: return spaces(room / 2) + text + spaces(room - room / 2)
        }
    }
}

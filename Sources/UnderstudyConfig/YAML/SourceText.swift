// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The text behind the nodes, for the one thing the node tree does not tell: whether a scalar carries a tag. Envoy
// reads `! 123` as text and `!!str 123` as a number, and the tree shows both like `123` and `"123"`.

/// The lines of a file.
struct SourceText {
    enum Tag {
        case none
        /// A lone `!`.
        case nonSpecific
        /// Any other.
        case named
    }

    /// Characters from one milestone to the next: no look-up walks past more of them, however long the line is.
    static let stride = 64

    private let bytes: [UInt8]
    /// The characters that begin lines, counted from the beginning of the text.
    private let lineStarts: [Int]
    /// Where every character whose number is a multiple of `stride` begins.
    private let milestones: [Int]

    init(_ text: String) {
        let bytes = Array(text.utf8)
        var starts = [bytes.starts(with: "\u{FEFF}".utf8) ? 1 : 0]
        var milestones: [Int] = []
        var characters = 0
        for index in bytes.indices {
            if !bytes[index].isContinuation {
                if characters.isMultiple(of: Self.stride) { milestones.append(index) }
                characters += 1
            }
            if Self.endsLine(at: index, in: bytes) { starts.append(characters) }
        }
        self.bytes = bytes
        self.milestones = milestones
        lineStarts = starts
    }

    /// Whether a line ends with this byte, by the rules of YAML 1.1: LF, CR, CR LF, NEL, LS and PS.
    private static func endsLine(at index: Int, in bytes: [UInt8]) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: "\n"): true
        case UInt8(ascii: "\r"): index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "\n")
        case 0x85: index >= 1 && bytes[index - 1] == 0xC2
        case 0xA8, 0xA9: index >= 2 && bytes[index - 2] == 0xE2 && bytes[index - 1] == 0x80
        default: false
        }
    }

    /// The tag in front of a scalar whose first character, anchor or tag stands at a line and a column, from 1.
    func tag(line: Int, column: Int) -> Tag {
        guard let milestone = milestone(beforeLine: line, column: column) else { return .none }
        var index = milestone.index
        for _ in 0..<milestone.distance {
            index += 1
            while index < bytes.count, bytes[index].isContinuation { index += 1 }
        }
        while index < bytes.count, bytes[index] == UInt8(ascii: "&") {
            while index < bytes.count, !isBlank(bytes[index]) { index += 1 }
            while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "!") else { return .none }
        let next = index + 1
        return next == bytes.count || isBlank(bytes[next]) ? .nonSpecific : .named
    }

    /// The last milestone before a position, and the number of characters from there to it.
    func milestone(beforeLine line: Int, column: Int) -> (index: Int, distance: Int)? {
        guard lineStarts.indices.contains(line - 1) else { return nil }
        let character = lineStarts[line - 1] + column - 1
        let (number, distance) = character.quotientAndRemainder(dividingBy: Self.stride)
        return milestones.indices.contains(number) ? (milestones[number], distance) : nil
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r")
    }

    /// Line and column, from 1, of the character with this index.
    static func position(ofCharacter offset: Int, in text: String) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for character in text.prefix(offset) {
            if character.isNewline {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return (line, column)
    }
}

extension UInt8 {
    /// Whether it is in a character of UTF-8 and does not begin it.
    fileprivate var isContinuation: Bool { self & 0xC0 == 0x80 }
}

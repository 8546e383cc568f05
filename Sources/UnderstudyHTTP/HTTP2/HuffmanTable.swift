// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The Huffman code of header strings (RFC 7541 appendix B), arranged for decoding up to two symbols at a time.

internal import UnderstudyCore

/// The code is canonical: the lengths alone say which bits stand for which symbol.
final class HuffmanTable: Sendable {
    /// What a number of bits begin with.
    struct Entry: Sendable {
        /// One symbol, or two with the first in the low byte.
        var symbols: UInt16 = 0
        /// 0 if the first symbol is longer than the bits.
        var count: UInt8 = 0
        /// Bits of the first symbol, and of all.
        var firstLength: UInt8 = 0
        var length: UInt8 = 0
    }

    /// Bits that choose an entry.
    static let width = 12
    static let longest = 30
    static let shared = HuffmanTable()

    /// By the next `width` bits.
    let entries: [Entry]
    /// The symbols, the shorter codes first.
    private let symbols: [UInt16]
    /// For each length: what a word with its bits at the left has to be below to begin with such a code, and by how much
    /// the position in `symbols` differs from the code.
    private let ends: [UInt64]
    private let shifts: [Int]

    private static let endOfString = 256

    /// For each symbol and the end of the string, the length of its code: `A` for 5 bits, `Z` for 30.
    private static let lengths: StaticString = """
        ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHF\
        IBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIX\
        PRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRS\
        VVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWV\
        Z
        """

    private init() {
        var text: [UInt8] = []
        text.append(literal: Self.lengths)
        let lengths = text.map { Int($0) - 0x41 + 5 }
        precondition(lengths.count == Self.endOfString + 1, "\(lengths.count) codes")
        var symbols: [UInt16] = []
        var ends = [UInt64](repeating: 0, count: Self.longest + 1)
        var shifts = [Int](repeating: 0, count: Self.longest + 1)
        var code: UInt64 = 0
        for length in 1...Self.longest {
            code <<= 1
            shifts[length] = symbols.count - Int(code)
            for symbol in lengths.indices where lengths[symbol] == length {
                symbols.append(UInt16(symbol))
                code += 1
            }
            // Nothing is above the last code but the end of a word.
            ends[length] = code < 1 << UInt64(length) ? code << UInt64(64 - length) : .max
        }
        self.symbols = symbols
        self.ends = ends
        self.shifts = shifts
        entries = Self.makeEntries(symbols, ends, shifts)
    }

    private static func makeEntries(_ symbols: [UInt16], _ ends: [UInt64], _ shifts: [Int]) -> [Entry] {
        (0..<1 << width).map { bits in
            let word = UInt64(bits) << UInt64(64 - width)
            var entry = Entry()
            guard let first = find(word, width, symbols, ends, shifts) else { return entry }
            entry.symbols = first.symbol
            entry.count = 1
            entry.firstLength = UInt8(first.length)
            entry.length = UInt8(first.length)
            let rest = width - first.length
            guard let second = find(word << UInt64(first.length), rest, symbols, ends, shifts) else { return entry }
            entry.symbols |= second.symbol << 8
            entry.count = 2
            entry.length += UInt8(second.length)
            return entry
        }
    }

    /// The symbol with a code of at most `most` bits that a word begins with.
    private static func find(
        _ word: UInt64,
        _ most: Int,
        _ symbols: [UInt16],
        _ ends: [UInt64],
        _ shifts: [Int]
    ) -> (symbol: UInt16, length: Int)? {
        var length = 5
        while length <= most {
            if word < ends[length] {
                return (symbols[Int(word >> UInt64(64 - length)) + shifts[length]], length)
            }
            length += 1
        }
        return nil
    }

    /// The symbol that a word begins with; `nil` if it is the end of the string, which may not be sent.
    func symbol(_ word: UInt64) -> (byte: UInt8, length: Int)? {
        guard let found = Self.find(word, Self.longest, symbols, ends, shifts) else { return nil }
        return UInt8(exactly: found.symbol).map { ($0, found.length) }
    }
}

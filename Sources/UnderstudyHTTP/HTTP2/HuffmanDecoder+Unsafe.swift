// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header strings out of their Huffman code, most of them two bytes at a step.
//
// Unsafe because it loads four bytes at once and stores two without looking for room each time, for every letter that a
// client encodes. The room is reserved before for the most that the code can decode to; `HuffmanTests` decodes every
// symbol, every length and every way in which a string can be wrong, the sanitized tests among them.

enum HuffmanDecoder {
    /// Appends the string that `range` encodes.
    ///
    /// - Returns: Whether it is a valid one; if not, some of it may have been appended.
    static func decode(_ bytes: Span<UInt8>, _ range: Range<Int>, appendingTo arena: inout [UInt8]) -> Bool {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return false }
        guard !range.isEmpty else { return true }
        // The shortest code has five bits; and one more for the second of two that is stored in vain.
        let most = range.count * 8 / 5 + 1
        var isValid = false
        arena.append(addingCapacity: most) { output in
            unsafe output.withUnsafeMutableBufferPointer { target, count in
                unsafe bytes.withUnsafeBufferPointer { source in
                    let decoded = unsafe decode(UnsafeRawBufferPointer(source), range, into: target)
                    count = decoded ?? 0
                    isValid = decoded != nil
                }
            }
        }
        return isValid
    }

    /// - Returns: How many bytes were stored, or `nil` if the string is not valid.
    private static func decode(
        _ source: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        let table = HuffmanTable.shared
        return unsafe table.entries.withUnsafeBufferPointer { entries in
            var offset = range.lowerBound
            var count = 0
            // The next bits, at the left, and how many of them there are.
            var word: UInt64 = 0
            var bits = 0
            while true {
                if bits < HuffmanTable.longest {
                    if range.upperBound - offset >= 4 {
                        // Safe: four bytes are left in the range, which lies inside the source.
                        let more = unsafe source.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                        word |= UInt64(more.bigEndian) << UInt64(32 - bits)
                        bits += 32
                        offset += 4
                    } else {
                        while offset < range.upperBound {
                            // Safe: at most 29 + 16 bits are there before the last of these.
                            word |= UInt64(unsafe source[offset]) << UInt64(56 - bits)
                            bits += 8
                            offset += 1
                        }
                        // Less than a symbol may follow; what is missing of it are ones, as padding has them.
                        if bits < HuffmanTable.longest { break }
                    }
                }
                // Safe: 12 bits choose one of 4,096 entries.
                let entry = unsafe entries[Int(word >> UInt64(64 - HuffmanTable.width))]
                if entry.count > 0 {
                    // Safe: each symbol takes five bits at least, for which there is room, and one byte beyond.
                    unsafe target[count] = UInt8(truncatingIfNeeded: entry.symbols)
                    unsafe target[count + 1] = UInt8(truncatingIfNeeded: entry.symbols >> 8)
                    count += Int(entry.count)
                    word <<= UInt64(entry.length)
                    bits -= Int(entry.length)
                } else {
                    guard let symbol = table.symbol(word) else { return nil }
                    unsafe target[count] = symbol.byte
                    count += 1
                    word <<= UInt64(symbol.length)
                    bits -= symbol.length
                }
            }
            return unsafe finish(word, bits, table, target, count)
        }
    }

    /// Decodes what is left when no more bytes come.
    private static func finish(
        _ rest: UInt64,
        _ restBits: Int,
        _ table: HuffmanTable,
        _ target: UnsafeMutableBufferPointer<UInt8>,
        _ start: Int
    ) -> Int? {
        var word = rest | UInt64.max >> UInt64(restBits)
        var bits = restBits
        var count = start
        while bits > 0, word != .max {
            guard let symbol = table.symbol(word), symbol.length <= bits else { return nil }
            unsafe target[count] = symbol.byte
            count += 1
            word = word << UInt64(symbol.length) | (1 << UInt64(symbol.length) - 1)
            bits -= symbol.length
        }
        // Padding is shorter than a byte (RFC 7541 section 5.2).
        return bits < 8 ? count : nil
    }
}

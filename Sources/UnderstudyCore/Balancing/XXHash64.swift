// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The hash that spreads requests over endpoints, and the keys of rings and tables.

/// xxHash with 64 bits, as its authors specify it.
///
/// - Source: xxHash fast digest algorithm, version 0.1.1.
public enum XXHash64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    public static func hash(_ bytes: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        var offset = 0
        // Safe: all sums and products of the algorithm wrap.
        var hash = bytes.count < 32 ? seed &+ prime5 : stripes(bytes, seed: seed, end: &offset)
        hash &+= UInt64(bytes.count)
        return avalanche(tail(bytes, from: offset, hash))
    }

    public static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        hash(bytes.span, seed: seed)
    }

    /// Four lanes of eight bytes each, for as long as there are 32.
    private static func stripes(_ bytes: Span<UInt8>, seed: UInt64, end: inout Int) -> UInt64 {
        var first = seed &+ prime1 &+ prime2
        var second = seed &+ prime2
        var third = seed
        var fourth = seed &- prime1
        while end + 32 <= bytes.count {
            first = round(first, bytes.word(at: end))
            second = round(second, bytes.word(at: end + 8))
            third = round(third, bytes.word(at: end + 16))
            fourth = round(fourth, bytes.word(at: end + 24))
            end += 32
        }
        let sum = rotate(first, 1) &+ rotate(second, 7) &+ rotate(third, 12) &+ rotate(fourth, 18)
        return [first, second, third, fourth].reduce(sum) { hash, lane in
            (hash ^ round(0, lane)) &* prime1 &+ prime4
        }
    }

    private static func tail(_ bytes: Span<UInt8>, from start: Int, _ hash: UInt64) -> UInt64 {
        var hash = hash
        var offset = start
        while offset + 8 <= bytes.count {
            hash = rotate(hash ^ round(0, bytes.word(at: offset)), 27) &* prime1 &+ prime4
            offset += 8
        }
        if offset + 4 <= bytes.count {
            hash = rotate(hash ^ bytes.word(at: offset, length: 4) &* prime1, 23) &* prime2 &+ prime3
            offset += 4
        }
        while offset < bytes.count {
            hash = rotate(hash ^ UInt64(bytes[offset]) &* prime5, 11) &* prime1
            offset += 1
        }
        return hash
    }

    private static func avalanche(_ hash: UInt64) -> UInt64 {
        var hash = (hash ^ hash >> 33) &* prime2
        hash = (hash ^ hash >> 29) &* prime3
        return hash ^ hash >> 32
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
        word &<< bits | word &>> (64 &- bits)
    }
}

extension Span where Element == UInt8 {
    /// Up to eight bytes as a little-endian number.
    func word(at offset: Int, length: Int = 8) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<length { word |= UInt64(self[offset + index]) &<< UInt64(8 &* index) }
        return word
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The other hash that a ring can be made with.

/// MurmurHash2 with 64 bits, seeded and finished as `std::hash` of libstdc++ does it.
///
/// - Source: Envoy `RingHashLbConfig.HashFunction.MURMUR_HASH_2`.
public enum MurmurHash2 {
    public static let standardSeed: UInt64 = 0xC70F_6907
    private static let multiplier: UInt64 = 0xC6A4_A793_5BD1_E995

    public static func hash(_ bytes: Span<UInt8>, seed: UInt64 = standardSeed) -> UInt64 {
        // Safe: all products of the algorithm wrap.
        var hash = seed ^ UInt64(bytes.count) &* multiplier
        var offset = 0
        while offset + 8 <= bytes.count {
            hash = (hash ^ mix(bytes.word(at: offset) &* multiplier) &* multiplier) &* multiplier
            offset += 8
        }
        if offset < bytes.count {
            hash = (hash ^ bytes.word(at: offset, length: bytes.count - offset)) &* multiplier
        }
        return mix(mix(hash) &* multiplier)
    }

    public static func hash(_ bytes: [UInt8], seed: UInt64 = standardSeed) -> UInt64 {
        hash(bytes.span, seed: seed)
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        word ^ word >> 47
    }
}

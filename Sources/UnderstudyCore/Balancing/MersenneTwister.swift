// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Dice with a seed, for the order in which overloaded endpoints are passed over.

/// The MT19937 of Matsumoto and Nishimura; Envoy's choice, so the order is the same.
struct MersenneTwister {
    private static let size = 624
    private static let shift = 397

    private var state: [UInt32]
    private var index = MersenneTwister.size

    init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(Self.size)
        for position in 1..<Self.size {
            let last = state[position - 1]
            // Safe: the algorithm wraps.
            state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(position))
        }
    }

    mutating func next() -> UInt32 {
        if index == Self.size { twist() }
        var word = state[index]
        index += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9D2C_5680
        word ^= word << 15 & 0xEFC6_0000
        return word ^ word >> 18
    }

    /// - Parameter bound: 1 or more.
    mutating func number(below bound: UInt32) -> UInt32 {
        let width = (UInt64(UInt32.max) + 1) / UInt64(bound)
        while true {
            let number = UInt64(next()) / width
            if number < UInt64(bound) { return UInt32(number) }
        }
    }

    private mutating func twist() {
        for position in 0..<Self.size {
            let word = state[position] & 0x8000_0000 | state[(position + 1) % Self.size] & 0x7FFF_FFFF
            let odd: UInt32 = word & 1 == 0 ? 0 : 0x9908_B0DF
            state[position] = state[(position + Self.shift) % Self.size] ^ word >> 1 ^ odd
        }
        index = 0
    }
}

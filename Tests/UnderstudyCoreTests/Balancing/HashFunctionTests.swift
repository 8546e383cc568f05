// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The hashes must be the published ones to the last bit, for rings have to be the same everywhere.

import Testing

@testable import UnderstudyCore

struct HashFunctionTests {
    private static let text = Array("Nobody inspects the spammish repetition; everybody else mirrors it.".utf8)

    @Test(
        arguments: [
            (0, 0xEF46_DB37_51D8_E999, 0xD5AF_BA13_36A3_BE4B),
            (1, 0x16B6_310E_BD34_BD7C, 0xEFB8_5BD0_EFD5_8CFF),
            (3, 0xC983_6C0B_0560_CCBA, 0x4B50_F9DA_D1F8_AEEE),
            (4, 0x265F_AA35_D7AF_EC64, 0xEE54_4D1F_5F08_F542),
            (8, 0x93FC_083B_5A3F_012C, 0xFA8B_5763_B165_49A5),
            (14, 0x3EF3_DDB5_FA1D_8FB6, 0x6E1E_B01B_26F3_084A),
            (31, 0xC1A0_E0AE_86E1_D78C, 0x9BEF_5EBA_2713_913E),
            (32, 0x96F5_BFCB_FE7F_0D1A, 0x0B05_2046_D549_5DE1),
            (33, 0x977F_4AA1_9D12_8181, 0x3C59_4F95_C789_2FAA),
            (64, 0xA056_4941_856E_5B71, 0x1115_C5D9_3C7F_8F6A),
            (67, 0xEB6A_EE2A_C21E_271C, 0x7342_3DC2_6855_CCC3),
        ] as [(Int, UInt64, UInt64)]
    )
    func `xxHash64 gives the reference values, with seed 0 and 1`(length: Int, plain: UInt64, seeded: UInt64) {
        let text = Array(Self.text.prefix(length))
        #expect(XXHash64.hash(text) == plain)
        #expect(XXHash64.hash(text, seed: 1) == seeded)
    }

    @Test(
        arguments: [
            (0, 0x553E_9390_1E46_2A6E), (1, 0x78B0_D036_9281_84C8), (3, 0x8CBB_87BB_CE67_AECD),
            (4, 0x75CF_2F2C_286D_6838), (7, 0x03F2_D316_6597_2248), (8, 0x56D3_BCA4_C739_1145),
            (9, 0x8B35_2DB5_914B_02F4), (16, 0xDCEA_BA15_E17C_DBDC), (31, 0x19AC_2129_B76E_322E),
            (64, 0x2BB4_8607_9A75_9300), (67, 0x476C_6564_94A4_08D5),
        ] as [(Int, UInt64)]
    )
    func `MurmurHash2 gives what std::hash of libstdc++ gives`(length: Int, expected: UInt64) {
        #expect(MurmurHash2.hash(Array(Self.text.prefix(length))) == expected)
    }

    @Test func `the Mersenne twister throws the reference numbers`() {
        var dice = MersenneTwister(seed: 42)
        #expect([dice.next(), dice.next(), dice.next()] == [1_608_637_542, 3_421_126_067, 4_083_286_876])
        var standard = MersenneTwister(seed: 5489)
        var last: UInt32 = 0
        for _ in 0..<10_000 { last = standard.next() }
        #expect(last == 4_123_659_995)
    }

    @Test(arguments: [1, 2, 3, 7, 1000, UInt32.max] as [UInt32])
    func `its numbers stay below their bound`(bound: UInt32) {
        var dice = MersenneTwister(seed: bound)
        for _ in 0..<1000 { #expect(dice.number(below: bound) < bound) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors

import Testing
import UnderstudyCore

@Suite struct AddressRangeTests {
    @Test(
        arguments: [
            ([10, 0, 0, 0], 8, [10, 255, 1, 2], true),
            ([10, 0, 0, 0], 8, [11, 0, 0, 0], false),
            ([192, 168, 128, 0], 17, [192, 168, 255, 1], true),
            ([192, 168, 128, 0], 17, [192, 168, 127, 1], false),
            ([127, 0, 0, 1], 32, [127, 0, 0, 1], true),
            ([127, 0, 0, 1], 32, [127, 0, 0, 2], false),
            ([0, 0, 0, 0], 0, [203, 0, 113, 9], true),
        ] as [([UInt8], Int, [UInt8], Bool)]
    )
    func `the bits of the prefix decide`(address: [UInt8], length: Int, other: [UInt8], isInside: Bool) {
        #expect(AddressRange(address: address, prefixLength: length).contains(other) == isInside)
    }

    @Test func `an address of the other family is never inside`() {
        let everything = AddressRange(address: [0, 0, 0, 0], prefixLength: 0)
        #expect(!everything.contains(Array(repeating: 0, count: 16)))
    }

    @Test func `a prefix longer than the address holds nothing`() {
        #expect(!AddressRange(address: [1, 2, 3, 4], prefixLength: 33).contains([1, 2, 3, 4]))
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The longest of many prefixes that an address has.

/// Numbers by ranges of addresses.
struct AddressTable: Sendable {
    /// For each length of a prefix, longest first: its ranges.
    private var lengths: [(length: Int, numbers: [AddressRange: Int])] = []

    /// - Parameter range: without bits that do not count.
    mutating func insert(_ range: AddressRange, _ number: Int) {
        let index = lengths.firstIndex { $0.length <= range.prefixLength } ?? lengths.count
        if index == lengths.count || lengths[index].length != range.prefixLength {
            lengths.insert((range.prefixLength, [:]), at: index)
        }
        lengths[index].numbers[range] = number
    }

    /// That of the smallest range with the address (4 or 16 bytes) in it.
    subscript(address: [UInt8]) -> Int? {
        for (length, numbers) in lengths where length <= address.count * 8 {
            if let number = numbers[AddressRange(address: address, prefixLength: length).masked] { return number }
        }
        return nil
    }
}

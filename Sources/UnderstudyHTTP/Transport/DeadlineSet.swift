// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Several deadlines of one owner, told by its single entry in the table.

internal import NIOCore

/// Deadlines by kind.
struct DeadlineSet<Kind: RawRepresentable & CaseIterable> where Kind.RawValue == Int {
    private static var none: UInt64 { .max }

    private var deadlines = SIMD8<UInt64>(repeating: .max)

    func isSet(_ kind: Kind) -> Bool { deadlines[kind.rawValue] != Self.none }

    mutating func set(_ kind: Kind, after time: TimeAmount) {
        deadlines[kind.rawValue] = (NIODeadline.now() + time).uptimeNanoseconds
    }

    mutating func clear(_ kind: Kind) {
        deadlines[kind.rawValue] = Self.none
    }

    mutating func clearAll() {
        deadlines = SIMD8(repeating: Self.none)
    }

    /// Sets or clears the owner's entry in the table to be told of the earliest.
    func arm(_ owner: any Timed, in table: DeadlineTable) {
        let earliest = deadlines.min()
        if earliest == Self.none {
            table.clear(owner)
        } else {
            table.set(owner, at: .uptimeNanoseconds(earliest))
        }
    }

    /// Takes out the earliest one: that which the table has told its owner of.
    mutating func takeEarliest() -> Kind? {
        let earliest = deadlines.min()
        guard earliest != Self.none else { return nil }
        for kind in Kind.allCases where deadlines[kind.rawValue] == earliest {
            clear(kind)
            return kind
        }
        return nil
    }
}

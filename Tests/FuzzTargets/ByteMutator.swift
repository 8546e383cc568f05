// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Damages good inputs a little: what is nearly right finds more than noise does.

package import TestSupport

package struct ByteMutator: Sendable {
    /// What is put in, beside single bytes and pieces of the input itself.
    let fragments: [[UInt8]]

    package init(_ fragments: [String]) {
        self.fragments = fragments.map { Array($0.utf8) }
    }

    /// One to four changes.
    package func damage(_ input: [UInt8], _ dice: inout SeededGenerator) -> [UInt8] {
        var bytes = input
        for _ in 0..<1 + dice.number(below: 4) { change(&bytes, &dice) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], _ dice: inout SeededGenerator) {
        let place = dice.number(below: bytes.count)
        switch dice.number(below: 6) {
        case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: dice.next())
        case 1 where !bytes.isEmpty: bytes.remove(at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + dice.number(below: 20)))
        case 3:
            let end = min(bytes.count, place + 1 + dice.number(below: 40))
            bytes.insert(contentsOf: bytes[place..<end], at: dice.number(below: bytes.count))
        default: bytes.insert(contentsOf: dice.pick(fragments), at: place)
        }
    }
}

extension SeededGenerator {
    /// Bytes that may be anything.
    package mutating func bytes(below bound: Int) -> [UInt8] {
        (0..<number(below: bound)).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Some of the pieces one after another.
    package mutating func text(_ pieces: [String], below bound: Int) -> String {
        var text = ""
        for _ in 0..<number(below: bound) { text += pick(pieces) }
        return text
    }
}

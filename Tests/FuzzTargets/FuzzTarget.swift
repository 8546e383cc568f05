// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// What must be true of everything that is made of hostile bytes, for the fuzzer and for the seeded tests alike.

package import TestSupport

/// One kind of hostile bytes, and what must be true of whatever is made of them.
package struct FuzzTarget: Sendable {
    /// What one input came to.
    package struct Verdict: Equatable, Sendable {
        /// The input was understood, so that more than its refusal was looked at.
        package var isAccepted = false
        /// What is broken; empty if nothing.
        package private(set) var objections: [String] = []

        package init() {}

        package mutating func expect(_ isTrue: Bool, _ objection: @autoclosure () -> String) {
            if !isTrue { objections.append(objection()) }
        }
    }

    /// What `FUZZ=` and the folder of the corpus call it.
    package let name: String
    package let check: @Sendable ([UInt8]) -> Verdict
    /// An input from the grammar, whole or damaged.
    package let generate: @Sendable (inout SeededGenerator) -> [UInt8]

    package init(
        name: String,
        check: @escaping @Sendable ([UInt8]) -> Verdict,
        generate: @escaping @Sendable (inout SeededGenerator) -> [UInt8]
    ) {
        self.name = name
        self.check = check
        self.generate = generate
    }

    /// All but the configuration, which takes another floor of the house.
    package static let all: [FuzzTarget] = [
        .requestHead, .responseHead, .body, .forwardedRequest, .forwardedAnswer, .mirrorHost, .path, .format,
        .clusterHeader, .frames, .headerBlocks, .clientHello, .serverHello,
    ]
}

/// Where to cut an input: everywhere if it is short, else at some places that differ from input to input.
func cuts(of bytes: [UInt8]) -> StrideTo<Int> {
    let step = max(1, bytes.count / 32)
    let sum = bytes.reduce(0) { $0 &+ Int($1) }
    return stride(from: sum % step, to: bytes.count, by: step)
}

extension [UInt8] {
    /// For objections: printable, and to be pasted into a test.
    package var quoted: String { String(decoding: self, as: UTF8.self).debugDescription }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What `make fuzz` looks for, in a bounded number of inputs from the grammar, and in those that once broke something.

import Foundation
import FuzzTargets
import TestSupport
import Testing

struct FuzzTargetTests {
    @Test(arguments: FuzzTarget.all.map(\.name), 1...4 as ClosedRange<UInt64>)
    func `whatever comes in, what is made of it is sound`(name: String, seed: UInt64) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        var dice = SeededGenerator(seed: seed)
        var (accepted, refused) = (0, 0)
        for _ in 0..<150 {
            let bytes = target.generate(&dice)
            let verdict = target.check(bytes)
            #expect(verdict.objections == [], "seed \(seed): \(bytes.quoted)")
            if verdict.isAccepted { accepted += 1 } else { refused += 1 }
        }
        #expect(accepted > 10, "seed \(seed): only \(accepted) of \(accepted + refused) accepted")
        #expect(refused > 5 || name == "path", "seed \(seed): only \(refused) of \(accepted + refused) refused")
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `the corpus is sound`(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzz/corpus/\(name)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files {
            #expect(target.check(Array(try Data(contentsOf: file))).objections == [], "\(file.lastPathComponent)")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What `make fuzz` looks for in configurations, in a bounded number of damaged ones.

import ConfigurationFuzzTargets
import Foundation
import FuzzTargets
import TestSupport
import Testing

struct ConfigurationFuzzTests {
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `whatever the text, there is a model or a reason`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var (accepted, refused) = (0, 0)
        for _ in 0..<50 {
            let bytes = FuzzTarget.configuration.generate(&dice)
            let verdict = FuzzTarget.configuration.check(bytes)
            #expect(verdict.objections == [], "seed \(seed): \(bytes.quoted)")
            if verdict.isAccepted { accepted += 1 } else { refused += 1 }
        }
        #expect(accepted > 2 && refused > 10, "seed \(seed): accepted \(accepted), refused \(refused)")
    }

    @Test func `the corpus of configurations is sound`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzz/corpus/configuration")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files {
            let verdict = FuzzTarget.configuration.check(Array(try Data(contentsOf: file)))
            #expect(verdict.objections == [], "\(file.lastPathComponent)")
        }
    }
}

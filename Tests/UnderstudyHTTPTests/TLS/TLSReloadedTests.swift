// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Files that change, and files that cannot be read for a while.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct TLSReloadedTests {
    @Test(arguments: [true, false])
    func `what could not be read for want of a descriptor is tried again as it is`(isPassing: Bool) async throws {
        try await Folder.with { folder in
            let source = TLSSource.file(try folder.write("file", "one"))
            let counters = TLSCounters()
            let value = try TLSReloaded([source], counters: counters) { (sources) throws(TLSFault) in
                try sources.read(source)
            }
            _ = try folder.write("file", "other")
            // Two looks have to see the same.
            #expect(try !value.refresh { (sources) throws(TLSFault) in try sources.read(source) })
            #expect(throws: TLSFault.self) {
                try value.refresh { (_) throws(TLSFault) in throw TLSFault(reason: "cannot", isPassing: isPassing) }
            }
            #expect(value.value == Array("one".utf8))
            let isNew = try value.refresh { (sources) throws(TLSFault) in try sources.read(source) }
            #expect(isNew == isPassing)
            #expect(value.value == Array((isPassing ? "other" : "one").utf8))
            #expect(counters.reloadFailures.current == 1)
            #expect(counters.reloads.current == (isPassing ? 1 : 0))
        }
    }
}

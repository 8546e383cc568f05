// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// libFuzzer's way into the fuzz targets. Unsafe because it hands over a pointer; the bytes are copied at once.
//
// The environment names the target, so that each has a corpus and a coverage of its own and every input is what it
// looks like.

import Foundation
import FuzzTargets

#if !CODEC_ONLY
import ConfigurationFuzzTargets
#endif

private let all: [FuzzTarget] = {
    #if CODEC_ONLY
    FuzzTarget.all
    #else
    FuzzTarget.all + [.configuration]
    #endif
}()

private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ"] ?? ""
    guard let target = all.first(where: { $0.name == name }) else {
        print("FUZZ is \"\(name)\"; it has to be one of: \(all.map(\.name).joined(separator: ", "))")
        exit(2)
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let verdict = target.check(bytes)
    guard verdict.objections.isEmpty else {
        fatalError("\(target.name): \(bytes.quoted)\n" + verdict.objections.joined(separator: "\n"))
    }
    return 0
}

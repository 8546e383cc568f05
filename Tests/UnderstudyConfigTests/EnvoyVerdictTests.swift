// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Files with one mistake or one typing trap each, and what Envoy 1.40 says of them in validate mode.

import Foundation
import Testing

@testable import UnderstudyConfig

@Suite struct EnvoyVerdictTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/config-cases")

    private static let verdicts: [(file: String, isAccepted: Bool)] = {
        guard let table = try? String(contentsOf: folder.appending(path: "VERDICTS.tsv"), encoding: .utf8) else {
            return []
        }
        return table.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let columns = line.split(separator: "\t")
            return (String(columns[0]), columns[1] == "accept")
        }
    }()

    @Test func `every case has a verdict`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(Set(files) == Set(Self.verdicts.map(\.file)))
        #expect(files.count == 34)
    }

    @Test(arguments: verdicts)
    func `a file that Envoy accepts is accepted, and one that it refuses is refused with a place`(
        file: String,
        isAccepted: Bool
    ) {
        let path = Self.folder.appending(path: file).path
        let result = ConfigurationLoader.load(.file(path: path), allowUnknownFields: false)
        #expect(result.isAccepted == isAccepted, "\(result.rendered)")
        #expect(isAccepted == result.errors.isEmpty)
        for error in result.errors {
            #expect(error.line != nil && error.column != nil)
            #expect(error.file == path)
        }
    }
}

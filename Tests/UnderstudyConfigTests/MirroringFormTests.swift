// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The forms in which a file carries our own messages past Envoy; `make check-extension` asks Envoy about the same table.

import Foundation
import Testing

@testable import UnderstudyConfig

@Suite struct MirroringFormTests {
    struct Form: Sendable {
        let level: String
        let isAccepted: Bool
        let written: String
    }

    private static let levels = ["configuration", "host", "route", "weight"]

    private static let types = [
        "$TypedStruct": "xds.type.v3.TypedStruct", "$OldTypedStruct": "udpa.type.v1.TypedStruct",
        "$FilterConfig": "envoy.config.route.v3.FilterConfig",
        "$MirroringPerRoute": "understudy.mirroring.v1.MirroringPerRoute",
        "$Mirroring": "understudy.mirroring.v1.Mirroring",
    ]

    private static let forms: [Form] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appending(path: "Fixtures/mirroring-forms/VERDICTS.tsv")
        guard let table = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return table.split(separator: "\n").filter { !$0.hasPrefix("#") }.flatMap { line in
            let columns = line.split(separator: "\t").map(String.init)
            let longestFirst = types.sorted { $0.key.count > $1.key.count }
            let written = longestFirst.reduce(columns[3]) {
                $0.replacing($1.key, with: "type.googleapis.com/\($1.value)")
            }
            return (columns[0] == "levels" ? levels : [columns[0]]).map {
                Form(level: $0, isAccepted: columns[2] == "accept", written: written)
            }
        }
    }()

    @Test(arguments: forms)
    func `what Envoy loads is loaded, but for a misspelt type, and what Envoy refuses is refused`(form: Form) {
        let result = Sample.load(form.level, form.written)
        #expect(result.isAccepted == form.isAccepted, "\(result.rendered)")
        for error in result.errors { #expect(error.line != nil && error.column != nil && !error.path.isEmpty) }
    }

    @Test func `the table has every level`() {
        #expect(Set(Self.forms.map(\.level)) == Set(Self.levels + ["filter"]))
    }
}

extension Sample {
    /// Loads the sample with a filter before the router, or with entries for filters at one of four levels.
    static func load(_ level: String, _ written: String) -> ConfigurationResult {
        let entries = "typed_per_filter_config: \(written)"
        switch level {
        case "filter":
            let router = "          - name: envoy.filters.http.router"
            return load((router, "          - \(written)\n\(router)"))
        case "configuration": return load(configuration: entries)
        case "host": return load(host: entries)
        case "route": return load(("route:\n", "\(entries)\n                route:\n"))
        default:
            let clusters = "{clusters: [{name: c1, weight: 1, \(entries)}, {name: c2, weight: 1}]}"
            return load(("cluster: c1", "weighted_clusters: \(clusters)"))
        }
    }
}

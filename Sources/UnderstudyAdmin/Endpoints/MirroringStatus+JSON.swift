// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The mirrors for programs.

internal import UnderstudyCore

/// Every key is always there; what cannot be told yet is `null`.
extension MirroringStatus {
    var json: String {
        let budgets = [
            "\"copies\":" + copies.json, "\"buffered_bytes\":" + bufferedBytes.json,
            "\"connections\":" + connections.json,
        ]
        let members = [
            "\"enabled\":\(isEnabled)",
            "\"budgets\":{" + budgets.joined(separator: ",") + "}",
            "\"clusters\":[" + clusters.map(\.json).joined(separator: ",") + "]",
            "\"mirrors\":[" + entries.map(\.json).joined(separator: ",") + "]",
        ]
        return IndentedJSON.laidOut("{" + members.joined(separator: ",") + "}")
    }
}

extension MirroringStatus.Budget {
    fileprivate var json: String { "{\"used\":\(used),\"max\":\(most)}" }
}

extension MirroringStatus.Cluster {
    fileprivate var json: String {
        "{\"name\":\(IndentedJSON.quoted(name)),\"enabled\":\(isEnabled),\"buffered_bytes\":\(bufferedBytes.json)}"
    }
}

extension MirroringStatus.Entry {
    fileprivate var json: String {
        let outcomes = MirrorOutcome.allCases.map { "\"\($0.label)\":\(counts[$0])" }
        let members = [
            "\"route\":" + IndentedJSON.quoted(key.route),
            "\"mirror\":" + IndentedJSON.quoted(key.mirror),
            "\"enabled\":\(isEnabled)",
            "\"requests\":\(counts.requests)",
            "\"in_flight\":\(counts.inFlight)",
            "\"share_mirrored\":" + (share.map { rounded($0, to: 1_000_000) } ?? "null"),
            "\"outcomes\":{" + outcomes.joined(separator: ",") + "}",
            "\"primary_ms\":" + primaryTime.json,
            "\"mirror_ms\":" + mirrorTime.json,
        ]
        return "{" + members.joined(separator: ",") + "}"
    }

    /// Of the requests how many had a copy, 0...1; `nil` without requests.
    var share: Double? { counts.requests == 0 ? nil : Double(counts.copies) / Double(counts.requests) }
}

extension HistogramSnapshot {
    fileprivate var json: String {
        let values = self.values(at: [0.5, 0.9, 0.99]).map { rounded($0, to: 1000) }
        return "{\"count\":\(count),\"p50\":\(values[0]),\"p90\":\(values[1]),\"p99\":\(values[2])}"
    }
}

/// In parts of which `parts` make one.
private func rounded(_ value: Double, to parts: Double) -> String {
    StatsNumber.json((value * parts).rounded() / parts)
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The mirrors for a person with a terminal.

internal import UnderstudyCore

extension MirroringStatus {
    /// What the process has, a table by route and mirror, and one by cluster; 100 columns unless a name is longer.
    var text: String {
        let state = isEnabled ? "on" : "off"
        let budgets =
            "\(copies.used) of \(copies.most) copies in flight, \(bufferedBytes.bytesText) held, "
            + "\(connections.used) of \(connections.most) connections"
        var parts = ["mirrors are \(state): \(budgets)\n"]
        parts.append(entries.isEmpty ? "no route has a mirror\n" : table)
        if !clusters.isEmpty {
            var table = TextTable([.left("cluster"), .left("state"), .right("held")], names: 1)
            for cluster in clusters {
                let state = cluster.isEnabled ? "on" : "off"
                table.add([AdminEndpoint.printable(cluster.name), state, cluster.bufferedBytes.bytesText])
            }
            parts.append(table.text)
        }
        return parts.joined(separator: "\n")
    }

    private var table: String {
        var table = TextTable(
            [
                .left("route"), .left("mirror"), .left("state"), .right("requests"), .right("copied"),
                .right("flight"), .right("ok"), .right("p50"), .right("p99"), .right("p50"), .right("p99"),
            ],
            names: 2,
            groups: [.init(columns: 7...8, head: "primary ms"), .init(columns: 9...10, head: "mirror ms")]
        )
        for entry in entries { table.add(entry.cells, notes: entry.others) }
        return table.text
    }
}

extension MirroringStatus.Entry {
    fileprivate var cells: [String] {
        let names = [key.route, key.mirror].map { $0.isEmpty ? "-" : AdminEndpoint.printable($0) }
        let numbers = [counts.requests.description, shareText, "\(counts.inFlight)", "\(counts[.ok])"]
        let times = [primaryTime, mirrorTime].flatMap { $0.values(at: [0.5, 0.99]).map(Self.milliseconds) }
        return names + [isEnabled ? "on" : "off"] + numbers + times
    }

    /// All outcomes but `ok` that there were.
    fileprivate var others: [String] {
        MirrorOutcome.allCases.filter { $0 != .ok && counts[$0] > 0 }.map { "\($0.label) \(counts[$0])" }
    }

    /// 0 and 100 only if it is so.
    private var shareText: String {
        guard let share else { return "-" }
        if counts.copies == 0 { return "0%" }
        if counts.copies == counts.requests { return "100%" }
        return share < 0.001 ? "<0.1%" : fixed(min(share * 100, 99.9), 1) + "%"
    }

    /// Two or three significant digits.
    private static func milliseconds(_ value: Double) -> String {
        switch value {
        case ..<0.01: "<0.01"
        case ..<0.995: fixed(value, 2)
        case ..<9.95: fixed(value, 1)
        case ...9e15: fixed(value, 0)
        default: "-"
        }
    }
}

extension MirroringStatus.Budget {
    /// Both in the largest unit that fits the most.
    fileprivate var bytesText: String {
        let units: [(Int, String)] = [(30, "GiB"), (20, "MiB"), (10, "KiB")]
        guard let (shift, name) = units.first(where: { most >> $0.0 > 0 }) else { return "\(used) of \(most) B" }
        let unit = Double(1 << shift)
        return "\(Self.amount(Double(used) / unit)) of \(Self.amount(Double(most) / unit)) \(name)"
    }

    private static func amount(_ value: Double) -> String {
        if value > 0, value < 0.1 { return "<0.1" }
        return fixed(value, value == value.rounded() ? 0 : 1)
    }
}

/// - Parameter digits: Behind the point, 0...2.
private func fixed(_ value: Double, _ digits: Int) -> String {
    var parts = 1
    for _ in 0..<digits { parts *= 10 }
    let whole = Int((value * Double(parts)).rounded())
    guard digits > 0 else { return "\(whole)" }
    let rest = String(whole % parts)
    return "\(whole / parts)." + String(repeating: "0", count: digits - rest.count) + rest
}

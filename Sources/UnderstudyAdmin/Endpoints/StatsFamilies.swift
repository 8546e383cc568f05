// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Numbers by metric, as Prometheus wants them: one metric of all clusters, then the next.

internal import UnderstudyCore

struct StatsFamilies {
    enum Kind: Int, CaseIterable { case counter, gauge, text, histogram }

    /// All values that differ in their labels only.
    struct Family {
        let kind: Kind
        /// Envoy's name without what became labels.
        let name: String
        /// The same in letters that Prometheus takes.
        let metric: [UInt8]
        /// By how much values of histograms are divided.
        let divisor: Double
        fileprivate(set) var members: [Member] = []

        /// By Envoy's name, level by level.
        var sortedMembers: [Member] {
            members.sorted { left, right in
                guard left.prefix == right.prefix else { return StatsFamilies.precedes(left.prefix, right.prefix) }
                return (left.value.name, left.labels) < (right.value.name, right.labels)
            }
        }
    }

    struct Member {
        let prefix: String
        let labels: String
        let value: StatisticsScope.Value
    }

    private struct Key: Hashable {
        let kind: Kind
        let name: String
    }

    /// Where a name at some place of a scope belongs; the next scope of its sort mostly has the same there.
    private struct Place {
        var name: String
        var kind: Kind
        var family: Int
        var label: String
    }

    private var families: [Family] = []
    private var index: [Key: Int] = [:]
    private var places: [String: [Place]] = [:]

    func sorted(_ kind: Kind) -> [Family] {
        families.filter { $0.kind == kind }.sorted { Self.precedes($0.name, $1.name) }
    }

    mutating func add(_ scope: StatsTable.Scope) {
        let prefix = scope.scope.kind.labelled
        let labels = Self.rendered(prefix.labels)
        var known = places.removeValue(forKey: prefix.rest) ?? []
        for (position, value) in scope.values.enumerated() {
            let kind = value.number.familyKind
            if position >= known.count || known[position].name != value.name || known[position].kind != kind {
                let place = place(LabelledName(value.name, in: scope.scope.kind), of: value.name, kind, prefix)
                if position < known.count { known[position] = place } else { known.append(place) }
            }
            let place = known[position]
            let all = Self.joined(prefix.isOurs ? (labels, place.label) : (place.label, labels))
            families[place.family].members.append(Member(prefix: scope.prefix, labels: all, value: value))
        }
        places[prefix.rest] = known
    }

    private static func joined(_ labels: (String, String)) -> String {
        labels.0.isEmpty ? labels.1 : labels.1.isEmpty ? labels.0 : "\(labels.0),\(labels.1)"
    }

    private mutating func place(
        _ labelled: LabelledName,
        of name: String,
        _ kind: Kind,
        _ prefix: LabelledPrefix
    ) -> Place {
        let key = Key(kind: kind, name: prefix.rest + labelled.rest)
        let label = labelled.label.map { Self.rendered([$0]) } ?? ""
        if let family = index[key] { return Place(name: name, kind: kind, family: family, label: label) }
        index[key] = families.count
        let metric = Self.metric(key.name, prefix.isOurs ? "understudy_" : "envoy_")
        families.append(Family(kind: kind, name: key.name, metric: metric, divisor: labelled.divisor))
        return Place(name: name, kind: kind, family: families.count - 1, label: label)
    }

    private static func metric(_ name: String, _ beginning: String) -> [UInt8] {
        Array(beginning.utf8)
            + name.utf8.map { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: byte
                default: 0x5F
                }
            }
    }

    /// As they stand between the braces.
    static func rendered(_ labels: [StatisticsLabel]) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) else { return value }
        return value.reduce(into: "") { text, character in
            switch character {
            case "\"", "\\": text += "\\\(character)"
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }

    /// Compares level by level, so that `a.x` comes before `a-b.x`.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8) { first, second in
            (first == 0x2E ? 0 : first) < (second == 0x2E ? 0 : second)
        }
    }
}

extension StatisticsScope.Number {
    fileprivate var familyKind: StatsFamilies.Kind {
        switch self {
        case .counter: .counter
        case .gauge: .gauge
        case .text: .text
        case .histogram: .histogram
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The numbers that were asked for, in order.

internal import UnderstudyCore

/// Scopes without those values that nobody asked for; no two have one name.
struct StatsTable {
    /// Sorted by prefix.
    private(set) var scopes: [Scope] = []

    struct Scope {
        let prefix: String
        var scope: StatisticsScope

        var values: [StatisticsScope.Value] { scope.values }
    }

    /// Scopes at one place add up.
    ///
    /// Where names of routes have dots or colons, those of two mirrors may look alike in text; their labels do not.
    private struct Place: Hashable {
        var prefix: String
        var mirror: MirrorKey?
    }

    /// What is shown one after the other.
    enum Phase: CaseIterable { case texts, numbers, histograms }

    init(_ all: [StatisticsScope], _ query: StatsQuery) {
        var places: [Place: Int] = [:]
        places.reserveCapacity(all.count)
        scopes.reserveCapacity(all.count)
        for scope in all {
            let prefix = scope.kind.prefix
            let place = Place(prefix: prefix, mirror: query.format == .prometheus ? scope.kind.mirrorKey : nil)
            if let index = places[place] {
                scopes[index].scope.add(scope)
            } else {
                places[place] = scopes.count
                scopes.append(Scope(prefix: prefix, scope: scope))
            }
        }
        var selection = StatsSelection(query)
        if !selection.takesAll {
            for index in scopes.indices { selection.apply(to: &scopes[index]) }
            scopes.removeAll { $0.values.isEmpty }
        }
        scopes.sort { $0.prefix < $1.prefix }
    }

    /// Calls `body` for every value of a phase, in the order of the whole names.
    func forEach(_ phase: Phase, _ body: (_ prefix: String, _ value: StatisticsScope.Value) -> Void) {
        var order = StatsOrder()
        var index = 0
        while index < scopes.count {
            let end = nested(below: index)
            if end == index + 1 {
                let values = scopes[index].values
                for place in order.places(of: values) where phase.has(values[place].number) {
                    body(scopes[index].prefix, values[place])
                }
            } else {
                merged(index..<end, phase).forEach { body($0.prefix, $0.value) }
            }
            index = end
        }
    }

    /// The end of the scopes whose prefixes begin with that of one, and so may stand between its values.
    private func nested(below index: Int) -> Int {
        let prefix = scopes[index].prefix
        return scopes[(index + 1)...].firstIndex { !$0.prefix.hasPrefix(prefix) } ?? scopes.count
    }

    private func merged(_ range: Range<Int>, _ phase: Phase) -> [(prefix: String, value: StatisticsScope.Value)] {
        scopes[range]
            .flatMap { scope in
                scope.values
                    .filter { phase.has($0.number) }
                    .map { (name: scope.prefix + $0.name, prefix: scope.prefix, value: $0) }
            }
            .sorted { $0.name < $1.name }
            .map { ($0.prefix, $0.value) }
    }
}

extension StatisticsScope.Kind {
    fileprivate var mirrorKey: MirrorKey? {
        guard case .mirror(let key) = self else { return nil }
        return key
    }
}

extension StatsTable.Phase {
    fileprivate func has(_ number: StatisticsScope.Number) -> Bool {
        switch (self, number) {
        case (.texts, .text), (.numbers, .counter), (.numbers, .gauge), (.histograms, .histogram): true
        default: false
        }
    }
}

/// Which place comes when by name.
///
/// Clusters have the same names, so the order of the last scope mostly fits the next.
private struct StatsOrder {
    private var last: [Int] = []

    mutating func places(of values: [StatisticsScope.Value]) -> [Int] {
        if last.count == values.count, zip(last, last.dropFirst()).allSatisfy({ values[$0].name < values[$1].name }) {
            return last
        }
        last = values.indices.sorted { values[$0].name < values[$1].name }
        return last
    }
}

/// Takes values out that nobody asked for.
private struct StatsSelection {
    private let query: StatsQuery
    private var name: [UInt8] = []

    init(_ query: StatsQuery) {
        self.query = query
    }

    var takesAll: Bool { !query.onlyUsed && query.filter == nil && query.kind == .all }

    mutating func apply(to scope: inout StatsTable.Scope) {
        let prefix = scope.prefix
        scope.scope.removeAll { !takes($0, prefix) }
    }

    private mutating func takes(_ value: StatisticsScope.Value, _ prefix: String) -> Bool {
        if query.onlyUsed, !value.isUsed { return false }
        guard query.kind == .all || query.kind == value.number.kind else { return false }
        guard let filter = query.filter else { return true }
        name.removeAll(keepingCapacity: true)
        name.append(contentsOf: prefix.utf8)
        name.append(contentsOf: value.name.utf8)
        return filter.matchesPart(of: name.span)
    }
}

extension StatisticsScope.Number {
    fileprivate var kind: StatsQuery.Kind {
        switch self {
        case .counter: .counters
        case .gauge: .gauges
        case .text: .textReadouts
        case .histogram: .histograms
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Arranges the filter chains of a listener.

/// Makes the steps of a table, from the last property to the first.
///
/// Chains that are the same up to a property share the steps after it, so that long lists in several properties of one
/// chain add up instead of multiplying.
struct FilterChainBuilder {
    private struct Remainder: Hashable {
        let property: FilterChainProperty
        let chains: [Int]
    }

    private let matches: [FilterChainMatch]
    private(set) var steps: [FilterChainTable.Step] = []
    private var known: [Remainder: Int] = [:]

    init(_ matches: [FilterChainMatch]) {
        self.matches = matches
    }

    /// The number of the step that looks up a property of these chains.
    mutating func step(_ property: FilterChainProperty, chains: [Int]) -> Int {
        let remainder = Remainder(property: property, chains: chains)
        if let number = known[remainder] { return number }
        var byKey: [FilterChainKey: [Int]] = [:]
        for chain in chains {
            for key in matches[chain].keys(property) { byKey[key, default: []].append(chain) }
        }
        var step = FilterChainTable.Step()
        for (key, chains) in byKey {
            let next = next(after: property, chains)
            switch key {
            case .anything: step.rest = next
            case .range(let range): step.ranges.insert(range, next)
            case .port, .text, .source: step.exact[key] = next
            }
        }
        steps.append(step)
        known[remainder] = steps.count - 1
        return steps.count - 1
    }

    private mutating func next(after property: FilterChainProperty, _ chains: [Int]) -> Int {
        guard let following = FilterChainProperty(rawValue: property.rawValue + 1) else { return chains[0] }
        return step(following, chains: chains)
    }
}

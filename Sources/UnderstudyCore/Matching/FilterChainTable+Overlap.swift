// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whether there are connections that two filter chains would be chosen for alike.

extension FilterChainTable {
    /// The number of a chain that asks for the very things that an earlier one does, or for one thing twice; `nil` if
    /// there is none.
    public static func overlap(of matches: [FilterChainMatch]) -> Int? {
        let keys = matches.map { match in FilterChainProperty.allCases.map { match.keys($0) } }
        let sets = keys.map { $0.map { Set($0) } }
        var byName: [FilterChainKey: [Int]] = [:]
        for (index, lists) in keys.enumerated() {
            if zip(lists, sets[index]).contains(where: { $0.count != $1.count }) { return index }
            for name in lists[FilterChainProperty.serverName.rawValue] {
                for other in byName[name, default: []] where isOverlapping(sets[index], sets[other]) { return index }
                byName[name, default: []].append(index)
            }
        }
        return nil
    }

    private static func isOverlapping(_ left: [Set<FilterChainKey>], _ right: [Set<FilterChainKey>]) -> Bool {
        zip(left, right).allSatisfy { !$0.isDisjoint(with: $1) }
    }
}

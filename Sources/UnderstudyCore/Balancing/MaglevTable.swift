// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Endpoints in a table that is looked up by the remainder of a hash.

/// - Source: "Maglev: A Fast and Reliable Software Network Load Balancer", section 3.4, with weights as Envoy has them.
struct MaglevTable: Sendable {
    fileprivate struct Walk {
        let member: Int
        let skip: Int
        let share: Double
        var place: Int
        var target = 0.0
        var count = 0
    }

    private static let vacant = UInt32.max

    /// The member in each place.
    private let members: [UInt32]
    let fewest: Int
    let most: Int

    /// - Parameter size: A prime number; a single endpoint needs one place only.
    init(_ endpoints: HashMembers, size: UInt32) {
        let size = endpoints.keys.count == 1 ? 1 : max(2, Int(size))
        guard !endpoints.keys.isEmpty else {
            (members, fewest, most) = ([], 0, 0)
            return
        }
        var walks = endpoints.keys.indices.sorted {
            endpoints.keys[$0].lexicographicallyPrecedes(endpoints.keys[$1])
        }.map { member in
            let key = endpoints.keys[member]
            // Safe: remainders by an `Int` that is positive.
            return Walk(
                member: member,
                skip: Int(XXHash64.hash(key, seed: 1) % UInt64(max(1, size - 1))) + 1,
                share: endpoints.shares[member],
                place: Int(XXHash64.hash(key) % UInt64(size))
            )
        }
        members = Self.fill(&walks, size: size, largest: endpoints.largest)
        fewest = walks.reduce(size) { min($0, $1.count) }
        most = walks.reduce(0) { max($0, $1.count) }
    }

    /// In turn everyone takes the next vacant place on its own walk; who has a smaller share misses turns.
    private static func fill(_ walks: inout [Walk], size: Int, largest: Double) -> [UInt32] {
        var members = Array(repeating: vacant, count: size)
        var left = size
        var round = 0.0
        while left > 0 {
            round += 1
            for index in walks.indices where left > 0 && round * walks[index].share >= walks[index].target {
                walks[index].target += largest
                // Safe: walks of a prime length come to every place, and one is vacant.
                while members[walks[index].place] != vacant { walks[index].step(size) }
                members[walks[index].place] = UInt32(walks[index].member)
                walks[index].step(size)
                walks[index].count += 1
                left -= 1
            }
        }
        return members
    }

    /// - Parameter attempt: Changes the hash, for requests that shall not have the first.
    func member(for hash: UInt64, attempt: Int) -> Int? {
        guard !members.isEmpty else { return nil }
        // Safe: the wrapping difference is Envoy's.
        let hash = attempt > 0 ? hash ^ (UInt64.max &- UInt64(attempt) &+ 1) : hash
        return Int(members[Int(hash % UInt64(members.count))])
    }
}

extension MaglevTable.Walk {
    fileprivate mutating func step(_ size: Int) {
        place += skip
        if place >= size { place %= size }
    }
}

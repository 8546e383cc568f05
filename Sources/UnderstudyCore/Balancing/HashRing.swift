// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Endpoints on a ring of hashes: a request goes to the first one at or after its own hash.

/// - Source: Envoy's ring hash balancer, whose ring this is.
struct HashRing: Sendable {
    /// Ascending.
    private let hashes: [UInt64]
    /// The member at each of them.
    private let members: [UInt32]
    let size: Int
    let fewest: Int
    let most: Int

    init(_ endpoints: HashMembers, _ settings: LoadBalancing.RingHash) {
        guard !endpoints.keys.isEmpty else {
            (hashes, members, size, fewest, most) = ([], [], 0, 0, 0)
            return
        }
        // The least endpoint gets a whole number of places, unless the ring would be too large.
        let smallest = endpoints.smallest
        let wanted = (smallest * Double(settings.minimumSize)).rounded(.up) / smallest
        let scale = min(wanted, Double(settings.maximumSize))
        size = Int(scale.rounded(.up))
        var places: [(hash: UInt64, member: UInt32)] = []
        places.reserveCapacity(size)
        var (fewest, most, target) = (size, 0, 0.0)
        for (member, key) in endpoints.keys.enumerated() {
            target += scale * endpoints.shares[member]
            let before = places.count
            while Double(places.count) < target {
                var text = key
                text.append(0x5F)
                text.append(decimal: places.count - before)
                places.append((Self.hash(text, settings.function), UInt32(member)))
            }
            fewest = min(fewest, places.count - before)
            most = max(most, places.count - before)
        }
        (self.fewest, self.most) = (fewest, most)
        places.sort { $0.hash < $1.hash }
        hashes = places.map(\.hash)
        members = places.map(\.member)
    }

    private static func hash(_ text: [UInt8], _ function: LoadBalancing.RingHash.Function) -> UInt64 {
        switch function {
        case .xxHash: XXHash64.hash(text)
        case .murmurHash2: MurmurHash2.hash(text)
        }
    }

    /// - Parameter attempt: Places to go on, for requests that shall not have the first.
    func member(for hash: UInt64, attempt: Int) -> Int? {
        guard !hashes.isEmpty else { return nil }
        var low = 0
        var high = hashes.count
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        // Safe: `low` is at most the count, and attempts are few.
        return Int(members[(low % hashes.count + attempt) % hashes.count])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Whose turn it is among the endpoints of a cluster.

/// Takes endpoints in turn, each as often as its weight says, spread as evenly as the weights allow.
///
/// Smooth weighted round robin: every pick adds each weight to its endpoint's credit, takes the highest credit and
/// charges it the sum. With equal weights that is plain rotation.
package struct RoundRobin: Sendable {
    private var weights: [Int]
    private var credits: [Int]
    private var isUniform: Bool
    private var next = 0

    package init(weights: [UInt32]) {
        self.weights = weights.map(Int.init)
        credits = Array(repeating: 0, count: weights.count)
        isUniform = Set(weights).count <= 1
    }

    /// The index of the endpoint for the next request; `nil` if there is none.
    package mutating func pick() -> Int? {
        guard !weights.isEmpty else { return nil }
        guard !isUniform else {
            let picked = next
            next = next + 1 == weights.count ? 0 : next + 1
            return picked
        }
        var total = 0
        var best = 0
        for index in weights.indices {
            credits[index] += weights[index]
            total += weights[index]
            if credits[index] > credits[best] { best = index }
        }
        credits[best] -= total
        return best
    }
}

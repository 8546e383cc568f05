// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// "Did you mean": the existing name that is the fewest slips of the pen away.

/// The name closest to `text` if it is close enough to be what was meant.
///
/// A slip is a letter too many, too few, or wrong, or two neighbours swapped; one slip in four letters is allowed, and
/// never more than three.
func nearestName(to text: String, among names: some Sequence<String>) -> String? {
    guard (2...200).contains(text.utf8.count) else { return nil }
    let wanted = Array(text.lowercased().utf8)
    let limit = min(3, max(1, wanted.count / 4))
    var best: (name: String, slips: Int)?
    for name in names where abs(name.utf8.count - wanted.count) <= limit {
        let slips = slipCount(from: wanted, to: Array(name.lowercased().utf8))
        if slips <= limit, slips < best?.slips ?? .max { best = (name, slips) }
    }
    return best?.name
}

private func slipCount(from left: [UInt8], to right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let same = left[row] == right[column]
            var slips = min(last[column] + (same ? 0 : 1), last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                slips = min(slips, beforeLast[column - 1] + 1)
            }
            current.append(slips)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The book of one route and one mirror: what became of every copy, and how fast both sides were.

internal import Synchronization

/// Which policies a book is kept for.
public struct MirrorKey: Sendable, Hashable {
    /// The route's name, or `<virtual host>[<number>]`; `cluster:<name>` for the mirrors of a cluster.
    public var route: String
    /// The mirror's cluster; empty where a request named none that exists.
    public var mirror: String

    public init(route: String, mirror: String) {
        self.route = route
        self.mirror = mirror
    }
}

/// Goes on through reloads, as long as a configuration has its policy.
public final class MirrorBook: Sendable {
    public let key: MirrorKey
    /// By worker.
    public let tallies: [MirrorTally]
    /// From the end of a request to the end of the primary's answer, of requests that had a copy; recorded in
    /// microseconds and told in milliseconds.
    public let primaryTime = Histogram(.thousandths)
    /// The same of the mirror's answers.
    public let mirrorTime = Histogram(.thousandths)
    private let base = Mutex(MirrorCounts())

    public init(_ key: MirrorKey, workers: Int) {
        self.key = key
        tallies = (0..<workers).map { _ in MirrorTally() }
    }

    /// All workers together, since the start or the last reset; balanced at any time.
    public var counts: MirrorCounts {
        base.withLock { base in
            var counts = total
            counts.subtract(base)
            return counts
        }
    }

    /// Every outcome begins again at zero; copies in flight stay.
    public func reset() {
        base.withLock { $0 = total }
    }

    private var total: MirrorCounts {
        tallies.reduce(into: MirrorCounts()) { $0.add($1.counts) }
    }
}

/// Gives every policy of a configuration the number of its book.
///
/// Used while a configuration is arranged, and then only read.
public final class MirrorCatalogue {
    public private(set) var keys: [MirrorKey] = []
    private var numbers: [MirrorKey: Int] = [:]

    public init() {}

    public func number(of key: MirrorKey) -> Int {
        if let number = numbers[key] { return number }
        numbers[key] = keys.count
        keys.append(key)
        return keys.count - 1
    }
}

@available(*, unavailable)
extension MirrorCatalogue: Sendable {}

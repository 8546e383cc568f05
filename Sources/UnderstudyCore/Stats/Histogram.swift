// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How values are spread: latencies and the like.

internal import Synchronization

/// Counts whole values (mostly milliseconds) with two significant digits, as Envoy does.
///
/// Recording is one atomic load and one relaxed add. What was recorded is seen after the next `takeInterval()`.
/// An unused one takes less than 100 bytes. The first record allocates 4,000; intervals add 16 per bin that was hit.
package final class Histogram: Sendable {
    private let counts = LazyCounts(count: HistogramBin.count)
    private let merged = Mutex(Merged())

    private struct Merged {
        var interval = HistogramSnapshot()
        var cumulative = HistogramSnapshot()
    }

    package init() {}

    /// Counts a value; one above 999,999,999,999 counts as this.
    package func record(_ value: UInt64) {
        counts.add(at: HistogramBin(of: value).index)
    }

    /// Ends an interval: all that was recorded since the last call becomes what `interval` tells.
    ///
    /// Called each `stats_flush_interval`, from any thread but an event loop's.
    package func takeInterval() {
        guard counts.isAllocated else { return }
        var bins: [HistogramSnapshot.Bin] = []
        merged.withLock { merged in
            counts.drain { bins.append(HistogramSnapshot.Bin(index: UInt16($0), count: UInt64($1))) }
            merged.interval = HistogramSnapshot(bins: bins)
            merged.cumulative.add(merged.interval)
        }
    }

    /// Was ever recorded to and merged.
    package var isUsed: Bool { counts.isAllocated && merged.withLock { !$0.cumulative.bins.isEmpty } }

    /// All up to the last `takeInterval()`.
    package var cumulative: HistogramSnapshot { merged.withLock { $0.cumulative } }

    /// What was recorded between the last two calls of `takeInterval()`.
    package var interval: HistogramSnapshot { merged.withLock { $0.interval } }
}

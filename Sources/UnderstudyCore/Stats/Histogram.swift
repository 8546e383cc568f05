// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How values are spread: latencies and the like.

internal import Synchronization

/// Counts whole values (mostly milliseconds) with two significant digits, as Envoy does.
///
/// Recording is one atomic load and one relaxed add. What was recorded is seen after the next `takeInterval()`.
/// An unused one takes less than 100 bytes. The first record allocates 4,000; after that come 16 for each of the at
/// most 1,000 bins that was ever hit, and 16 for each that was hit in the last interval.
package final class Histogram: Sendable {
    private let counts = LazyCounts(count: HistogramBin.count)
    private let merged = Mutex(HistogramReading())

    package init() {}

    /// Counts a value; one above 999,999,999,999 counts as this.
    package func record(_ value: UInt64) {
        counts.add(at: HistogramBin(of: value).index)
    }

    /// Ends an interval: all that was recorded since the last call becomes what `reading.interval` tells.
    ///
    /// Called each `stats_flush_interval`, from any thread but an event loop's.
    package func takeInterval() {
        guard counts.isAllocated else { return }
        merged.withLock { merged in
            var bins: [HistogramSnapshot.Bin] = []
            counts.drain { bins.append(HistogramSnapshot.Bin(index: $0, count: UInt64($1))) }
            merged.interval = HistogramSnapshot(bins: bins)
            merged.cumulative.add(merged.interval)
        }
    }

    /// All up to the last `takeInterval()`, and what was recorded between the last two calls of it.
    package var reading: HistogramReading { merged.withLock { $0 } }
}

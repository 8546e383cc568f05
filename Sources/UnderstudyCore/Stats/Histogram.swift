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
public final class Histogram: Sendable {
    private let scale: HistogramScale
    private let counts = LazyCounts(count: HistogramBin.count)
    private let merged: Mutex<Merged>

    private struct Merged {
        var reading: HistogramReading
        /// Of the interval under way, taken over early because somebody has looked.
        var begun: HistogramSnapshot

        init(_ scale: HistogramScale) {
            reading = HistogramReading(scale)
            begun = HistogramSnapshot(scale)
        }
    }

    /// - Parameter scale: What one recorded unit is of those that are told.
    public init(_ scale: HistogramScale = .whole) {
        self.scale = scale
        merged = Mutex(Merged(scale))
    }

    /// Counts a value; one above 999,999,999,999 counts as this.
    public func record(_ value: UInt64) {
        counts.add(at: HistogramBin(of: value).index)
    }

    /// Ends an interval: all that was recorded since the last call becomes what `reading.interval` tells.
    ///
    /// Called each `stats_flush_interval`, from any thread but an event loop's.
    public func takeInterval() {
        guard counts.isAllocated else { return }
        merged.withLock { merged in
            collect(into: &merged)
            merged.reading.interval = merged.begun
            merged.reading.cumulative.add(merged.begun)
            merged.begun = HistogramSnapshot(scale)
        }
    }

    /// All up to now; the interval under way goes on.
    public var current: HistogramSnapshot {
        guard counts.isAllocated else { return HistogramSnapshot(scale) }
        return merged.withLock { merged in
            collect(into: &merged)
            var all = merged.reading.cumulative
            all.add(merged.begun)
            return all
        }
    }

    private func collect(into merged: inout Merged) {
        var bins: [HistogramSnapshot.Bin] = []
        counts.drain { bins.append(HistogramSnapshot.Bin(index: $0, count: UInt64($1))) }
        merged.begun.add(HistogramSnapshot(scale, bins: bins))
    }

    /// All up to the last `takeInterval()`, and what was recorded between the last two calls of it.
    public var reading: HistogramReading { merged.withLock { $0.reading } }
}

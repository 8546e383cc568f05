// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What became of access log lines, in numbers.

public import UnderstudyCore

/// Shared by all files.
///
/// - Source: Envoy's `filesystem.*`; `lines_dropped` is ours.
public final class AccessLogStatistics: Sendable {
    /// Lines that were taken.
    let buffered = Counter()
    /// Writes that the system has taken whole.
    let completed = Counter()
    /// Writes that the system refused; their lines are dropped.
    let failed = Counter()
    let flushedByTimer = Counter()
    let reopenFailed = Counter()
    /// Lines that nobody will ever read: the queue was full, or the write failed.
    let dropped = Counter()
    /// Bytes that are not written yet.
    let totalBuffered = Gauge()

    public init() {}

    public func statistics() -> [Statistic] {
        [
            Statistic("filesystem.flushed_by_timer", flushedByTimer.current),
            Statistic("filesystem.lines_dropped", dropped.current),
            Statistic("filesystem.reopen_failed", reopenFailed.current),
            Statistic("filesystem.write_buffered", buffered.current),
            Statistic("filesystem.write_completed", completed.current),
            Statistic("filesystem.write_failed", failed.current),
            Statistic("filesystem.write_total_buffered", UInt64(max(0, totalBuffered.current))),
        ]
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How many log lines of one kind may be written, so that a bad hour does not fill a disk.

/// At most so many lines in an interval, and a count of those that were held back.
public struct LineLimit: Sendable, Equatable {
    /// In an interval, 1 or more.
    public let lines: Int
    public let interval: Duration
    private var begin: Duration?
    private var written = 0
    private var suppressed: UInt64 = 0

    public init(lines: Int = 5, interval: Duration = .seconds(60)) {
        self.lines = max(1, lines)
        self.interval = interval
    }

    /// - Parameter now: On a clock that never goes back.
    /// - Returns: How many lines were held back since the last that was written; `nil` holds this one back, too.
    public mutating func admit(at now: Duration) -> UInt64? {
        if let begin, now - begin < interval {
            guard written < lines else {
                suppressed += 1
                return nil
            }
        } else {
            begin = now
            written = 0
        }
        written += 1
        defer { suppressed = 0 }
        return suppressed
    }
}

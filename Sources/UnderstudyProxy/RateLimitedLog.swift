// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Warnings that traffic can cause are written a few times a minute, not once per request.

public import Logging
internal import Synchronization
public import UnderstudyCore

/// One kind of line with its limit; any thread may use it.
public final class RateLimitedLog: Sendable {
    private let logger: Logger
    private let limit: Mutex<LineLimit>
    private let begin = ContinuousClock.now

    /// - Parameter limit: Five lines a minute unless it says otherwise.
    public init(_ logger: Logger, limit: LineLimit = LineLimit()) {
        self.logger = logger
        self.limit = Mutex(limit)
    }

    /// Writes the line, or counts it; the next one that is written tells how many were held back as `suppressed`.
    public func log(
        _ level: Logger.Level,
        _ message: @autoclosure () -> Logger.Message,
        metadata: @autoclosure () -> Logger.Metadata = [:],
        file: String = #fileID,
        line: UInt = #line
    ) {
        guard logger.logLevel <= level else { return }
        let now = begin.duration(to: .now)
        guard let suppressed = limit.withLock({ $0.admit(at: now) }) else { return }
        var metadata = metadata()
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.log(level: level, message(), metadata: metadata, file: file, line: line)
    }
}

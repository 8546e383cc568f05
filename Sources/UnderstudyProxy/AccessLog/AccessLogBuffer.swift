// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where one worker collects lines before it hands them to a file's thread.

internal import NIOCore
internal import UnderstudyCore

/// Lines of one worker for one file, either of requests or of copies.
///
/// Loop-bound; appending a line takes no lock and makes no system call.
public final class AccessLogBuffer {
    private let file: AccessLogFile
    private let isOfCopies: Bool
    private let threshold: Int
    private unowned let owner: AccessLogBuffers
    private var bytes: [UInt8] = []
    private var lines = 0

    /// Room for the line that passes the threshold.
    private static let slack = 4096

    fileprivate init(_ file: AccessLogFile, isOfCopies: Bool, threshold: Int, owner: AccessLogBuffers) {
        self.file = file
        self.isOfCopies = isOfCopies
        self.threshold = threshold
        self.owner = owner
    }

    /// Adds what `write` appends as one line.
    public func append(_ write: (inout [UInt8]) -> Void) {
        let before = bytes.count
        if before == 0 { bytes.reserveCapacity(threshold + Self.slack) }
        write(&bytes)
        lines += 1
        file.statistics.buffered.add()
        file.statistics.totalBuffered.add(bytes.count - before)
        if bytes.count >= threshold { flush() } else { owner.expectFlush() }
    }

    /// - Returns: Whether there was anything to hand over.
    @discardableResult
    fileprivate func flush() -> Bool {
        guard !bytes.isEmpty else { return false }
        file.write(bytes, lines: lines, isOfCopies: isOfCopies)
        bytes = []
        lines = 0
        return true
    }

    fileprivate func countFlushByTimer() {
        file.statistics.flushedByTimer.add()
    }
}

@available(*, unavailable)
extension AccessLogBuffer: Sendable {}

/// All buffers of one worker, and the clock that flushes them.
///
/// Loop-bound. The clock only runs while a line waits.
public final class AccessLogBuffers {
    private let loop: any EventLoop
    private let interval: TimeAmount
    private let threshold: Int
    private var buffers: [Key: AccessLogBuffer] = [:]
    private var clock: Scheduled<Void>?

    private struct Key: Hashable {
        let file: ObjectIdentifier
        let isOfCopies: Bool
    }

    init(loop: any EventLoop, interval: TimeAmount, threshold: Int) {
        self.loop = loop
        self.interval = interval
        self.threshold = threshold
    }

    /// The worker's buffer for the file; ask once per configuration, not per request.
    public func buffer(for file: AccessLogFile, ofCopies isOfCopies: Bool = false) -> AccessLogBuffer {
        let key = Key(file: ObjectIdentifier(file), isOfCopies: isOfCopies)
        if let known = buffers[key] { return known }
        let buffer = AccessLogBuffer(file, isOfCopies: isOfCopies, threshold: threshold, owner: self)
        buffers[key] = buffer
        return buffer
    }

    /// Hands everything over.
    public func flush() {
        for buffer in buffers.values { buffer.flush() }
    }

    fileprivate func expectFlush() {
        guard clock == nil else { return }
        clock = loop.assumeIsolated().scheduleTask(in: interval) { self.ring() }
    }

    private func ring() {
        clock = nil
        for buffer in buffers.values where buffer.flush() { buffer.countFlushByTimer() }
    }

    /// Hands everything over, and never again by the clock.
    public func stop() {
        clock?.cancel()
        clock = nil
        flush()
    }
}

@available(*, unavailable)
extension AccessLogBuffers: Sendable {}

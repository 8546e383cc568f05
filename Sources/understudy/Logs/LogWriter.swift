// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Log lines leave through one thread of their own, so that a full pipe or a slow disk holds up nobody else.

internal import Dispatch
internal import Synchronization

/// A bounded queue of lines, and a serial queue that writes them, each with one system call.
final class LogWriter: Sendable {
    /// Writes a whole line; returns whether that was possible.
    typealias Write = @Sendable (_ line: [UInt8]) -> Bool

    private struct State {
        var lines: [[UInt8]] = []
        var bytes = 0
        var isWriting = false
        /// Since the last line that tells of it.
        var lost: UInt64 = 0
        var lostEver: UInt64 = 0
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "log")
    private let write: Write
    private let tellLoss: @Sendable (UInt64) -> [UInt8]
    private let limit: Int

    /// - Parameter limit: Bytes that may wait; more are dropped and counted.
    /// - Parameter tellLoss: The line that says how many were lost.
    init(
        limit: Int = 1 << 20,
        tellLoss: @escaping @Sendable (UInt64) -> [UInt8],
        write: @escaping Write
    ) {
        self.limit = limit
        self.tellLoss = tellLoss
        self.write = write
    }

    /// Lines that were dropped since the start.
    var lostLines: UInt64 { state.withLock { $0.lostEver } }

    /// Never waits for the disk or the pipe.
    func append(_ line: [UInt8]) {
        let mustStart = state.withLock { state in
            guard state.bytes + line.count <= limit else {
                state.lost += 1
                state.lostEver += 1
                return false
            }
            state.lines.append(line)
            state.bytes += line.count
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Waits until all lines so far are written, but no longer than the bound.
    ///
    /// Not from an event loop.
    func flush(within bound: DispatchTimeInterval = .seconds(1)) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + bound)
    }

    /// Runs on the writing thread, after the lines so far.
    func perform(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }

    private func drain() {
        while let (lines, lost) = next() {
            if lost > 0 { _ = write(tellLoss(lost)) }
            for line in lines {
                let isWritten = write(line)
                state.withLock { state in
                    state.bytes -= line.count
                    guard !isWritten else { return }
                    state.lost += 1
                    state.lostEver += 1
                }
            }
        }
    }

    /// The lines that wait; `nil` ends the writing.
    private func next() -> (lines: [[UInt8]], lost: UInt64)? {
        state.withLock { state in
            guard !state.lines.isEmpty else {
                state.isWriting = false
                return nil
            }
            defer {
                state.lines = []
                state.lost = 0
            }
            return (state.lines, state.lost)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One file that any number of access logs write to, and the thread that does.

internal import NIOPosix
internal import Synchronization
public import UnderstudyCore

/// Takes finished lines from any thread and writes them on its own.
///
/// A disk that is stuck or full never holds up who hands lines over: what does not fit the queue is dropped and counted.
public final class AccessLogFile: Sendable {
    public let sink: AccessLog.Sink
    let statistics: AccessLogStatistics
    private let queue: Mutex<AccessLogQueue>
    /// Only the file's thread exchanges it.
    private let descriptor: Mutex<LogDescriptor>
    private let thread: NIOThreadPool

    /// How long a full pipe is waited for before closing is looked at again, in milliseconds.
    private static let patience: CInt = 100

    init(
        _ sink: AccessLog.Sink,
        _ descriptor: LogDescriptor,
        statistics: AccessLogStatistics,
        capacity: Int
    ) {
        self.sink = sink
        self.statistics = statistics
        self.descriptor = Mutex(descriptor)
        queue = Mutex(AccessLogQueue(capacity: capacity))
        thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
    }

    /// Hands finished lines over; returns at once.
    ///
    /// - Parameter isOfCopies: They are the first to be dropped.
    func write(_ bytes: [UInt8], lines: Int, isOfCopies: Bool) {
        if !add(.write(bytes, lines: lines), isOfCopies: isOfCopies) { drop(bytes.count, lines: lines) }
    }

    /// Opens the path anew: lines handed over before go to the old file, later ones to the new.
    ///
    /// If it cannot be opened, the old file is kept and `reopen_failed` counted.
    public func reopen() {
        _ = add(.reopen)
    }

    /// Returns when all that was handed over before is written or dropped, or the task is cancelled.
    public func written() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        whenWritten { continuation.finish() }
        for await _ in stream {}
    }

    /// Calls back, on the file's thread, when all that was handed over before is written or dropped.
    private func whenWritten(_ callback: @escaping @Sendable () -> Void) {
        if !add(.notify(callback)) { callback() }
    }

    /// Takes no more lines, and gives up what waits for a reader.
    func close() {
        queue.withLock { $0.close() }
        thread.shutdownGracefully { _ in }
    }

    private func add(_ task: AccessLogQueue.Task, isOfCopies: Bool = false) -> Bool {
        switch queue.withLock({ $0.add(task, isOfCopies: isOfCopies) }) {
        case .refused: return false
        case .isRunning: return true
        case .mustRun:
            thread.submit { _ in self.run() }
            return true
        }
    }

    private func drop(_ bytes: Int, lines: Int) {
        statistics.dropped.add(UInt64(lines))
        statistics.totalBuffered.add(-bytes)
    }
}

// MARK: On the file's thread

extension AccessLogFile {
    private func run() {
        while true {
            let tasks = queue.withLock { $0.take() }
            guard !tasks.isEmpty else { return }
            for task in tasks { perform(task) }
        }
    }

    private func perform(_ task: AccessLogQueue.Task) {
        switch task {
        case .write(let bytes, let lines):
            let isWritten = writeAll(bytes)
            queue.withLock { $0.finish(bytes.count) }
            statistics.totalBuffered.add(-bytes.count)
            if isWritten {
                statistics.completed.add()
            } else {
                statistics.failed.add()
                statistics.dropped.add(UInt64(lines))
            }
        case .reopen:
            guard case .success(let new) = LogDescriptor.opened(sink) else { return statistics.reopenFailed.add() }
            descriptor.withLock { $0 = new }
        case .notify(let callback): callback()
        }
    }

    /// - Returns: `false` if the system refused some of it.
    private func writeAll(_ bytes: [UInt8]) -> Bool {
        let descriptor = descriptor.withLock { $0 }
        var written = 0
        while written < bytes.count {
            let isClosed = queue.withLock { $0.isClosed }
            switch descriptor.append(bytes, from: written, patience: isClosed ? 0 : Self.patience) {
            case .wrote(let count): written += count
            case .isFull: if isClosed { return false }
            case .failed: return false
            }
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Lines on their way from the workers to the thread that writes them.

/// What a file's thread has to do, in order.
///
/// A value: the file guards it with a lock that is never held while anything is written.
struct AccessLogQueue {
    enum Task {
        /// Finished lines.
        case write([UInt8], lines: Int)
        case reopen
        /// Tells that everything before has been done.
        case notify(@Sendable () -> Void)
    }

    /// Most bytes that wait; lines past it are dropped.
    let capacity: Int
    private(set) var waitingBytes = 0
    private var tasks: [Task] = []
    private var isRunning = false
    private(set) var isClosed = false

    init(capacity: Int) {
        self.capacity = capacity
    }

    enum Admission: Equatable {
        /// Somebody has to run the thread.
        case mustRun
        case isRunning
        case refused
    }

    /// - Parameter isOfCopies: The lines are of copies, which get no more than half of the room: what mirrors cause never
    ///   displaces what clients did.
    /// - Returns: `.refused` if there is no room, or the file is closed.
    mutating func add(_ task: Task, isOfCopies: Bool = false) -> Admission {
        guard !isClosed else { return .refused }
        if case .write(let bytes, _) = task {
            guard waitingBytes + bytes.count <= (isOfCopies ? capacity / 2 : capacity) else { return .refused }
            waitingBytes += bytes.count
        }
        tasks.append(task)
        defer { isRunning = true }
        return isRunning ? .isRunning : .mustRun
    }

    /// Everything that waits, for the thread; empty once there is nothing more to do.
    ///
    /// The bytes keep their room in the queue until they are `finished`.
    mutating func take() -> [Task] {
        defer { tasks = [] }
        if tasks.isEmpty { isRunning = false }
        return tasks
    }

    mutating func finish(_ bytes: Int) {
        waitingBytes -= bytes
    }

    mutating func close() {
        isClosed = true
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// All files that access logs write to, one for each path, for as long as the process runs.

public import NIOCore
internal import Synchronization
public import UnderstudyCore

/// A file that cannot be written, told when the configuration is taken over.
public struct AccessLogFault: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}

/// Shared by all workers and all configurations; a new configuration goes on with the files that are open.
public final class AccessLogRegistry: Sendable {
    private struct BoundBuffers: Sendable {
        let loop: any EventLoop
        let buffers: NIOLoopBound<AccessLogBuffers>
    }

    private struct State {
        var files: [AccessLog.Sink: AccessLogFile] = [:]
        var workers: [ObjectIdentifier: BoundBuffers] = [:]
    }

    public let statistics = AccessLogStatistics()
    private let interval: TimeAmount
    private let threshold: Int
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - flushInterval: Longest time that a line waits in a worker. Default 10 s; Envoy's
    ///     `--file-flush-interval-msec`.
    ///   - flushSize: Bytes with which a worker hands over before that. Default 64 KiB; Envoy's
    ///     `--file-flush-min-size-kb`.
    ///   - queueCapacity: Most bytes that wait for one file's disk; lines past it are dropped. Default 16 MiB.
    public init(
        flushInterval: TimeAmount = .seconds(10),
        flushSize: Int = 64 * 1024,
        queueCapacity: Int = 16 * 1024 * 1024
    ) {
        interval = flushInterval
        capacity = queueCapacity
        threshold = max(1, flushSize)
    }

    /// The file of a log; opened or created if no other log writes to it.
    public func open(_ sink: AccessLog.Sink) throws(AccessLogFault) -> AccessLogFile {
        let result: Result<AccessLogFile, AccessLogFault> = state.withLock { state in
            let sink = sink.unified
            if let known = state.files[sink] { return .success(known) }
            switch LogDescriptor.opened(sink) {
            case .success(let descriptor):
                let file = AccessLogFile(sink, descriptor, statistics: statistics, capacity: capacity)
                state.files[sink] = file
                return .success(file)
            case .failure(let error):
                return .failure(AccessLogFault(description: "unable to open file '\(sink.path)': \(error.text)"))
            }
        }
        return try result.get()
    }

    /// The buffers of the workers on a loop; call on that loop.
    public func buffers(on loop: any EventLoop) -> AccessLogBuffers {
        let identity = ObjectIdentifier(loop)
        if let known = state.withLock({ $0.workers[identity] }) { return known.buffers.value }
        let buffers = AccessLogBuffers(loop: loop, interval: interval, threshold: threshold)
        let bound = BoundBuffers(loop: loop, buffers: NIOLoopBound(buffers, eventLoop: loop))
        state.withLock { $0.workers[identity] = bound }
        return buffers
    }

    /// Opens every path anew, after all lines of the workers have been handed over.
    public func reopenAll() async {
        await flushWorkers()
        for file in files { file.reopen() }
    }

    /// Hands over what the workers have; returns when it is written or dropped.
    public func flushAll() async {
        await flushWorkers()
        await withDiscardingTaskGroup { group in
            for file in files { group.addTask { await file.written() } }
        }
    }

    /// Writes what can be written in the time, then closes every file.
    ///
    /// Call while the workers' loops still run, and after their last line; a cancelled task waits, too.
    public func shutDown(within time: Duration) async {
        // A task of its own: the end is asked for by cancelling, and would cancel this as well.
        let writing = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.flushAll() }
                group.addTask { try? await Task.sleep(for: time) }
                await group.next()
                group.cancelAll()
            }
        }
        await writing.value
        for file in files { file.close() }
    }

    private var files: [AccessLogFile] { state.withLock { Array($0.files.values) } }

    private func flushWorkers() async {
        for worker in state.withLock({ Array($0.workers.values) }) {
            // A loop that has ended has nothing to hand over.
            try? await worker.loop.submit { worker.buffers.value.flush() }.get()
        }
    }
}

extension AccessLog.Sink {
    /// Names for the same stream become one.
    fileprivate var unified: AccessLog.Sink {
        switch self {
        case .file("/dev/stdout"): .standardOutput
        case .file("/dev/stderr"): .standardError
        default: self
        }
    }

    fileprivate var path: String {
        switch self {
        case .file(let path): path
        case .standardOutput: "/dev/stdout"
        case .standardError: "/dev/stderr"
        }
    }
}

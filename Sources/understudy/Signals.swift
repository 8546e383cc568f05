// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// SIGTERM and SIGINT: the first asks for a graceful end, the second does not ask. Others ask for what they are given.

internal import Dispatch
internal import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum Signals {
    /// Runs `body` until it returns or a signal arrives; a signal cancels it, and it may take its time to return.
    static func cancelling(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let (signals, continuation) = AsyncStream<CInt>.makeStream()
        let seen = Gauge()
        let sources = [SIGTERM, SIGINT].map { number in
            // The default action would end the process before the source is told.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if seen.add(1) > 1 { _exit(128 + number) }
                continuation.yield(number)
            }
            source.resume()
            return source
        }
        // Writing to a closed socket or pipe is an error code, never the end.
        signal(SIGPIPE, SIG_IGN)
        defer { for source in sources { source.cancel() } }

        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await body()
                return true
            }
            tasks.addTask {
                await wait(for: signals)
                return false
            }
            while let bodyHasEnded = try await tasks.next() {
                tasks.cancelAll()
                if bodyHasEnded { return }
            }
        }
    }

    /// Runs `body`, and an action each time its signal arrives meanwhile.
    ///
    /// - Parameter actions: By signal number, for instance `SIGHUP` and `SIGUSR1`; they run on a thread of Dispatch.
    static func answering(
        _ actions: [CInt: @Sendable () -> Void],
        while body: () async throws -> Void
    ) async rethrows {
        let sources = actions.map { number, action in
            // The default action would end the process.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: action)
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        try await body()
    }

    private static func wait(for signals: AsyncStream<CInt>) async {
        for await _ in signals { return }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What signals ask for. SIGTERM and SIGINT: the first asks for a graceful end, the second does not ask.

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
    /// Runs `body` until it returns or a signal asks for the end; that cancels it, and it may take its time to return.
    ///
    /// - Parameter actions: What other signals do, one call after the other for each.
    static func cancelling(
        actions: [CInt: @Sendable () async -> Void] = [:],
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (ends, continuation) = AsyncStream<CInt>.makeStream()
        let seen = Gauge()
        var sources = [SIGTERM, SIGINT].map { number in
            source(number) {
                if seen.adding(1) > 1 { _exit(128 + number) }
                continuation.yield(number)
            }
        }
        // Writing to a closed socket or pipe is an error code, never the end.
        signal(SIGPIPE, SIG_IGN)
        let queues = actions.map { number, action in
            // One that arrives while its action runs is remembered once: it asks for the same again.
            let (calls, call) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            sources.append(source(number) { call.yield() })
            return (calls, action)
        }
        defer { for source in sources { source.cancel() } }

        try await withThrowingTaskGroup(of: Bool?.self) { tasks in
            tasks.addTask {
                try await body()
                return true
            }
            tasks.addTask {
                for await _ in ends { return false }
                return nil
            }
            for (calls, action) in queues {
                tasks.addTask {
                    for await _ in calls { await action() }
                    return nil
                }
            }
            while let bodyHasEnded = try await tasks.next() {
                guard let bodyHasEnded else { continue }
                tasks.cancelAll()
                if bodyHasEnded { return }
            }
        }
    }

    /// Keeps signals that ask for little from ending a process that has only begun.
    static func ignore(_ numbers: CInt...) {
        for number in numbers { signal(number, SIG_IGN) }
    }

    /// Asks for the end as SIGTERM does.
    static func endByRequest() {
        kill(getpid(), SIGTERM)
    }

    private static func source(
        _ number: CInt,
        _ handler: @escaping @Sendable () -> Void
    ) -> any DispatchSourceSignal {
        // The default action would end the process before the source is told.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: handler)
        source.resume()
        return source
    }
}

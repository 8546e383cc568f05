// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What NIO promises of an event loop holds for this one.

#if os(Linux)
import NIOCore
import TestSupport
import Testing

@testable import UnderstudyHTTP

@Suite struct EpollLoopTests {
    private func withLoop(_ body: (EpollLoop) async throws -> Void) async throws {
        let loop = try EpollLoop(name: "test")
        try await body(loop)
        try await loop.shutdownGracefully()
    }

    @Test func `tasks from elsewhere run on the loop, in order`() async throws {
        try await withLoop { loop in
            let seen = Watched<[Int]>([])
            #expect(!loop.inEventLoop)
            for number in 0..<1000 {
                loop.execute {
                    if loop.inEventLoop { seen.update { $0.append(number) } }
                }
            }
            try await seen.wait("all tasks") { $0.count == 1000 }
            #expect(seen.current == Array(0..<1000))
        }
    }

    @Test func `a task that adds another for ever does not keep the others out`() async throws {
        try await withLoop { loop in
            let isOver = Watched(false)
            @Sendable func again() {
                if !isOver.current { loop.execute(again) }
            }
            loop.execute(again)
            let answer = try await loop.submit { 7 }.get()
            #expect(answer == 7)
            try await loop.scheduleTask(in: .milliseconds(1)) {}.futureResult.get()
            isOver.update { $0 = true }
        }
    }

    @Test func `the clock of a loop is read for each thing that happens, and stands still within it`() async throws {
        try await withLoop { loop in
            for _ in 0..<100 {
                let before = NIODeadline.now()
                let (first, second) = try await loop.submit {
                    let first = loop.clock.now
                    // Until the system's clock has moved on.
                    while NIODeadline.now() == first {}
                    return (first, loop.clock.now)
                }.get()
                #expect(first == second)
                #expect(first >= before && first <= .now())
            }
        }
    }

    @Test func `who has waited for a time finds that the clock has come to it`() async throws {
        try await withLoop { loop in
            for delay in 1...5 {
                let due = NIODeadline.now() + .milliseconds(Int64(delay))
                let now = try await loop.scheduleTask(deadline: due) { loop.clock.now }.futureResult.get()
                #expect(now >= due)
            }
        }
    }

    @Test func `a context has the clock of its loop, and reads another's itself`() async throws {
        try await withLoop { loop in
            let isSame = try await loop.submit {
                let context = LoopContext(eventLoop: loop)
                while NIODeadline.now() == loop.clock.now {}
                return context.now == loop.clock.now
            }.get()
            #expect(isSame)
        }
        let other = LoopClock(isKept: false)
        let before = NIODeadline.now()
        #expect(other.now >= before)
    }

    @Test func `scheduled tasks run in the order of their time, and not before it`() async throws {
        try await withLoop { loop in
            let seen = Watched<[Int]>([])
            let start = NIODeadline.now()
            for number in [5, 1, 4, 2, 3] {
                loop.scheduleTask(deadline: start + .milliseconds(Int64(4 * number))) {
                    let isEarly = NIODeadline.now() < start + .milliseconds(Int64(4 * number))
                    seen.update { $0.append(isEarly ? -1 : number) }
                }
            }
            try await seen.wait("all tasks") { $0.count == 5 }
            #expect(seen.current == [1, 2, 3, 4, 5])
        }
    }

    @Test func `what is scheduled after a long rest is not late by it`() async throws {
        try await withLoop { loop in
            // A loop that reckoned with the time before its rest would be late every time; a busy machine is not.
            let rest = TimeAmount.milliseconds(500)
            for _ in 0..<10 {
                try await Task.sleep(for: .nanoseconds(rest.nanoseconds))
                let start = NIODeadline.now()
                let lateness = try await loop.scheduleTask(in: .milliseconds(5)) { NIODeadline.now() - start }
                    .futureResult.get()
                if lateness < rest { return }
            }
            Issue.record("late by the rest, ten times in a row")
        }
    }

    private struct Called: NIOScheduledCallbackHandler, Sendable {
        let name: String
        let seen: Watched<[String]>

        func handleScheduledCallback(eventLoop: some EventLoop) { seen.update { $0.append(name) } }
        func didCancelScheduledCallback(eventLoop: some EventLoop) { seen.update { $0.append("no \(name)") } }
    }

    @Test func `a callback comes in its time, unless it is cancelled or the loop ends`() async throws {
        let seen = Watched<[String]>([])
        try await withLoop { loop in
            try loop.scheduleCallback(in: .milliseconds(4), handler: Called(name: "later", seen: seen))
            try loop.scheduleCallback(in: .milliseconds(2), handler: Called(name: "first", seen: seen))
            try await seen.wait("callbacks") { $0.count == 2 }
            try loop.scheduleCallback(in: .hours(1), handler: Called(name: "cancelled", seen: seen)).cancel()
            try await seen.wait("its cancelling") { $0.count == 3 }
            try loop.scheduleCallback(in: .hours(1), handler: Called(name: "left over", seen: seen))
        }
        #expect(seen.current == ["first", "later", "no cancelled", "no left over"])
    }

    @Test func `a cancelled task does not run`() async throws {
        try await withLoop { loop in
            let ran = Watched(false)
            let task = loop.scheduleTask(in: .milliseconds(5)) { ran.update { $0 = true } }
            task.cancel()
            await #expect(throws: EventLoopError.cancelled) { try await task.futureResult.get() }
            try await loop.scheduleTask(in: .milliseconds(10)) {}.futureResult.get()
            #expect(!ran.current)
        }
    }

    @Test func `what is still waiting when a loop ends fails`() async throws {
        let loop = try EpollLoop(name: "test")
        let errors = Watched<[EventLoopError]>([])
        loop.scheduleTask(in: .hours(1)) {}.futureResult.whenFailure { error in
            if let error = error as? EventLoopError { errors.update { $0.append(error) } }
        }
        try await loop.shutdownGracefully()
        #expect(errors.current == [.shutdown])
        // A second time, nothing is left to be done.
        try await loop.shutdownGracefully()
    }

    @Test func `a group has as many loops as it was asked for, and gives them in turn`() async throws {
        let group = try EpollGroup(loops: 3)
        let loops = (0..<6).map { _ in ObjectIdentifier(group.next()) }
        #expect(Set(loops).count == 3)
        #expect(loops[..<3] == loops[3...].map { $0 }[...])
        try await group.shutdownGracefully()
    }

    @Test func `tasks come out of the heap by time, and of the same time by age`() {
        var tasks = ScheduledTasks()
        var order: [UInt64] = []
        let times: [Int64] = [5, 3, 5, 1, 4, 1, 5, 2]
        for (number, time) in times.enumerated() {
            tasks.insert(
                ScheduledTasks.Entry(
                    deadline: .uptimeNanoseconds(UInt64(time)),
                    number: UInt64(number),
                    work: .task({}, abandon: {})
                )
            )
        }
        tasks.remove(4)
        tasks.remove(99)
        while let entry = tasks.takeDue(.uptimeNanoseconds(5)) { order.append(entry.number) }
        #expect(order == [3, 5, 7, 1, 0, 2, 6])
    }
}
#endif

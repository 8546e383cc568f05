// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Facts that other threads bring about, and waiting for them without sleeping.

internal import Synchronization

/// How long tests wait for something that ought to happen.
///
/// Generous, because machines that test are busy; nothing waits longer than it takes.
package enum Patience {
    package static let usual = Duration.seconds(10)
    /// For bodies of many megabytes through a debug build.
    package static let bulk = Duration.seconds(60)
}

/// Something did not happen in time.
package struct Overdue: Error, CustomStringConvertible {
    package let description: String

    package init(_ what: String, after bound: Duration, state: String) {
        description = "waited \(bound) in vain: \(what); at the end: \(state.prefix(2_000))"
    }
}

/// A value that is changed in one place and waited for in another.
package final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        let id: UInt64
        let isDone: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Value?, Never>
    }

    private struct State {
        var value: Value
        var waiters: [Waiter] = []
        var expired: Set<UInt64> = []
        var lastID: UInt64 = 0
    }

    private let state: Mutex<State>

    package init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    package var current: Value { state.withLock { $0.value } }

    /// Changes the value, and wakes whoever waited for what it is now.
    package func update(_ body: (inout Value) -> Void) {
        let (value, woken) = state.withLock { state in
            body(&state.value)
            let value = state.value
            let woken = state.waiters.filter { $0.isDone(value) }
            if !woken.isEmpty { state.waiters.removeAll { $0.isDone(value) } }
            return (value, woken)
        }
        for waiter in woken { waiter.continuation.resume(returning: value) }
    }

    /// The value as soon as the condition holds.
    ///
    /// - Throws: `Overdue` if it does not hold within the bound.
    @discardableResult
    package func wait(
        _ what: String,
        within bound: Duration = Patience.usual,
        until isDone: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let alarm = Task {
            try await Task.sleep(for: bound)
            self.expire(id)
        }
        defer { alarm.cancel() }
        let value = await withTaskCancellationHandler {
            await withCheckedContinuation { enlist(Waiter(id: id, isDone: isDone, continuation: $0)) }
        } onCancel: {
            expire(id)
        }
        guard let value else { throw Overdue(what, after: bound, state: "\(current)") }
        return value
    }

    private func enlist(_ waiter: Waiter) {
        let answer: Value?? = state.withLock { state in
            if waiter.isDone(state.value) { return .some(state.value) }
            if state.expired.remove(waiter.id) != nil { return .some(nil) }
            state.waiters.append(waiter)
            return nil
        }
        if let answer { waiter.continuation.resume(returning: answer) }
    }

    private func expire(_ id: UInt64) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                state.expired.insert(id)
                return nil
            }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: nil)
    }
}

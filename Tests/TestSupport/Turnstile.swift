// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Lets a few tests at a time start processes, so that a small machine does not run them all at once and late.

internal import Synchronization

/// A counter of places; whoever finds none waits in line.
package final class Turnstile: Sendable {
    /// Processes under test.
    package static let processes = Turnstile(places: 3)

    private struct State {
        var free: Int
        var line: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    package init(places: Int) {
        state = Mutex(State(free: places))
    }

    /// Takes a place.
    ///
    /// A test must not take a second one while it has one.
    package func enter() async throws {
        await withCheckedContinuation { continuation in
            let isIn = state.withLock { state in
                guard state.free > 0 else {
                    state.line.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isIn { continuation.resume() }
        }
        do {
            try Task.checkCancellation()
        } catch {
            leave()
            throw error
        }
    }

    package func leave() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard !state.line.isEmpty else {
                state.free += 1
                return nil
            }
            return state.line.removeFirst()
        }
        next?.resume()
    }
}

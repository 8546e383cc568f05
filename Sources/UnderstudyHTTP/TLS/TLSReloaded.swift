// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is made of certificate files, and made again when they change.

internal import Synchronization
internal import UnderstudyCore

/// What the files came to at one moment; what cannot be used leaves what there was.
final class TLSReloaded<Value: Sendable>: Sendable {
    typealias Load = (inout TLSSources) throws(TLSFault) -> Value

    private struct State {
        var value: Value
        var watch: TLSFileWatch
        var contents: [String: [UInt8]]
    }

    private let counters: TLSCounters
    private let state: Mutex<State>

    /// - Parameter sources: Where the files are named; whatever else is no file.
    init(_ sources: [TLSSource?], counters: TLSCounters, load: Load) throws(TLSFault) {
        self.counters = counters
        // Looked at before they are read: what changes in between is seen again.
        let watch = TLSFileWatch(sources)
        var read = TLSSources()
        state = Mutex(State(value: try load(&read), watch: watch, contents: read.contents))
    }

    var value: Value { state.withLock { $0.value } }

    /// - Returns: Whether there is something new for handshakes from now on.
    func refresh(_ load: Load) throws(TLSFault) -> Bool {
        guard state.withLock({ !$0.watch.isEmpty && $0.watch.hasChanged() }) else { return false }
        do throws(TLSFault) {
            var read = TLSSources()
            let value = try load(&read)
            let contents = read.contents
            let isNew = state.withLock { state in
                guard state.contents != contents else { return false }
                state.value = value
                state.contents = contents
                return true
            }
            if isNew { counters.reloads.add() }
            return isNew
        } catch {
            if error.isPassing { state.withLock { $0.watch.forget() } }
            counters.reloadFailures.add()
            throw error
        }
    }
}

/// Notices that files have changed.
struct TLSFileWatch {
    private var known: [String: TLSFile.Identity?] = [:]
    private var before: [String: TLSFile.Identity?] = [:]

    init(_ sources: [TLSSource?]) {
        for path in sources.compactMap({ $0?.path }) { known[path] = TLSFile.identity(of: path) }
        before = known
    }

    var isEmpty: Bool { known.isEmpty }

    /// Whether to read them again; those that are still being written are left alone until two looks see the same.
    mutating func hasChanged() -> Bool {
        var now: [String: TLSFile.Identity?] = [:]
        for path in known.keys { now[path] = TLSFile.identity(of: path) }
        defer { before = now }
        guard now == before, now != known else { return false }
        known = now
        return true
    }

    /// The next look finds a change.
    mutating func forget() {
        for path in known.keys { known[path] = .some(TLSFile.Identity.unseen) }
    }
}

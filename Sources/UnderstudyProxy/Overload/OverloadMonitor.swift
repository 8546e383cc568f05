// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Looks at the watched resources, and says what has to be done about them.

internal import Synchronization
public import UnderstudyCore

/// Goes on through reloads.
public final class OverloadMonitor: Sendable {
    /// Bytes in use, and how to give the rest back to the system.
    public struct Memory: Sendable {
        public var bytesInUse: @Sendable () -> UInt64
        public var giveBack: @Sendable () -> Void

        public init(bytesInUse: @escaping @Sendable () -> UInt64, giveBack: @escaping @Sendable () -> Void) {
            self.bytesInUse = bytesInUse
            self.giveBack = giveBack
        }

        public static let ofProcess = Memory(bytesInUse: HeapFigures.bytesInUse, giveBack: HeapFigures.giveBack)
    }

    private struct State {
        var now: OverloadState = []
        /// In hundredths, by monitor.
        var pressures: [String: UInt64] = [:]
        var lastLook: ContinuousClock.Instant?
        var lastShrink: ContinuousClock.Instant?
    }

    private let memory: Memory
    private let state = Mutex(State())
    private let shrinks = Counter()
    /// Milliseconds between two looks.
    private let delay = Histogram()

    /// While it lasts, free memory is given back this often.
    ///
    /// - Source: Envoy `shrink_heap`.
    private static let shrinkInterval = Duration.seconds(10)

    public init(_ memory: Memory = .ofProcess) {
        self.memory = memory
    }

    /// What is on since the last look.
    public var current: OverloadState { state.withLock { $0.now } }

    /// Looks at every resource.
    ///
    /// - Parameter options: `nil` for none: then nothing is on.
    /// - Returns: What has to be on.
    public func look(_ options: OverloadOptions?, at now: ContinuousClock.Instant = .now) -> OverloadState {
        let bytes = memory.bytesInUse()
        var pressures: [String: UInt64] = [:]
        let new =
            options?.state { monitor in
                guard case .heap(let maximum) = monitor.resource else { return nil }
                let pressure = Double(bytes) / Double(maximum)
                pressures[monitor.name] = UInt64(min(pressure * 100, 1e12))
                return pressure
            } ?? []
        let shrinksNow = state.withLock { state in
            if let last = state.lastLook { delay.record(Self.milliseconds(now - last)) }
            state.lastLook = options == nil ? nil : now
            state.now = new
            state.pressures = pressures
            guard new.contains(.shrinksHeap) else { return false }
            if let last = state.lastShrink, now - last < Self.shrinkInterval { return false }
            state.lastShrink = now
            return true
        }
        if shrinksNow {
            memory.giveBack()
            shrinks.add()
        }
        return new
    }

    private static func milliseconds(_ duration: Duration) -> UInt64 {
        UInt64(max(0, duration / .milliseconds(1)))
    }

    /// Under Envoy's names.
    func statistics(_ options: OverloadOptions?) -> StatisticsScope {
        var scope = StatisticsScope(.part("overload"))
        let (now, pressures) = state.withLock { ($0.now, $0.pressures) }
        scope.histogram("refresh_interval_delay", delay)
        for monitor in options?.monitors ?? [] {
            scope.gauge("\(monitor.name).pressure", pressures[monitor.name] ?? 0)
            // Neither look can fail, or take longer than the interval.
            scope.counter("\(monitor.name).failed_updates", 0)
            if case .heap = monitor.resource { scope.counter("\(monitor.name).skipped_updates", 0) }
        }
        for rule in options?.rules ?? [] {
            let isOn = now.contains(OverloadState(rule.action))
            scope.gauge("\(rule.action.rawValue).active", isOn ? 1 : 0)
            scope.gauge("\(rule.action.rawValue).scale_percent", isOn ? 100 : 0)
            if rule.action == .shrinkHeap { scope.counter("\(rule.action.rawValue).shrink_count", shrinks) }
        }
        return scope
    }
}

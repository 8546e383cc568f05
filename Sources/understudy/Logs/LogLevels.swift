// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much each part of the process tells, changeable while it runs.

internal import Logging
internal import Synchronization
internal import UnderstudyCore

/// The level of each component; reading one is a single atomic load.
final class LogLevels: LogControl {
    private let components: [(component: LogComponent, level: LogThreshold)]

    init(_ level: LogLevel) {
        components = LogComponent.allCases.map { ($0, LogThreshold(level)) }
    }

    func threshold(_ component: LogComponent) -> LogThreshold {
        guard let entry = components.first(where: { $0.component == component }) else {
            preconditionFailure("no level for \(component)")
        }
        return entry.level
    }

    var levels: [(component: String, level: LogLevel)] {
        components.map { ($0.component.rawValue, $0.level.level) }
    }

    func setAll(_ level: LogLevel) {
        for entry in components { entry.level.set(level) }
    }

    func set(_ component: String, to level: LogLevel?) -> Bool {
        guard let component = LogComponent(rawValue: component) else { return LogComponent.isEnvoyName(component) }
        if let level { threshold(component).set(level) }
        return true
    }
}

/// One component's level.
final class LogThreshold: Sendable {
    private let index: Atomic<Int>

    private static let levels = LogLevel.allCases

    init(_ level: LogLevel) {
        index = Atomic(Self.levels.firstIndex(of: level) ?? 0)
    }

    var level: LogLevel { Self.levels[index.load(ordering: .relaxed)] }

    func set(_ level: LogLevel) {
        index.store(Self.levels.firstIndex(of: level) ?? 0, ordering: .relaxed)
    }
}

extension LogLevel {
    /// `nil` logs nothing.
    var level: Logger.Level? {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        case .off: nil
        }
    }
}

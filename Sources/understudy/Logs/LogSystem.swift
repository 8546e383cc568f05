// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// All log lines of the process: their levels, their form and their way out.

internal import Logging
internal import UnderstudyCore
internal import UnderstudyHTTP

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Made once, before anything logs.
final class LogSystem: Sendable {
    let levels: LogLevels
    private let form: LogForm
    private let file: LogFile
    private let writer: LogWriter

    /// - Throws: `LogFile.Failure` if the file cannot be opened.
    init(
        level: LogLevel = .info,
        components: [ComponentLevel] = [],
        form: LogForm = .pattern(LogPattern(LogPattern.standard)),
        path: String? = nil
    ) throws(LogFile.Failure) {
        let file = try LogFile(path: path)
        levels = LogLevels(level)
        for change in components { _ = levels.set(change.component, to: change.level) }
        self.form = form
        self.file = file
        writer = LogWriter(
            tellLoss: { Array(form.line(LogSystem.record(ofLoss: $0)).utf8) },
            write: { file.write($0) }
        )
    }

    func logger(_ component: LogComponent) -> Logger {
        let handler = ComponentLog(component: component, threshold: levels.threshold(component), system: self)
        return Logger(label: component.rawValue) { _ in handler }
    }

    /// Lines that could not be written, since the start.
    var lostLines: UInt64 { writer.lostLines }

    /// Opens the file anew, as after a rotation.
    func reopen() {
        writer.perform { [self] in
            do {
                try file.reopen()
            } catch {
                logger(.main).error("log file not reopened", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Waits for what is not yet written, at most a second; at the end of the process.
    func flush() {
        writer.flush()
    }

    fileprivate func write(_ record: LogRecord) {
        writer.append(Array(form.line(record).utf8))
    }

    private static func record(ofLoss count: UInt64) -> LogRecord {
        LogRecord(
            level: .warning,
            component: LogComponent.main.rawValue,
            message: "log lines were lost",
            metadata: [("count", "\(count)")],
            file: #fileID,
            line: #line,
            function: #function,
            thread: ThreadIdentity.current,
            process: getpid(),
            time: WallClock.nanoseconds()
        )
    }
}

/// `COMPONENT:LEVEL`.
struct ComponentLevel: Sendable, Equatable {
    var component: String
    var level: LogLevel
}

/// A component's way into the log.
private struct ComponentLog: LogHandler {
    let component: LogComponent
    let threshold: LogThreshold
    let system: LogSystem
    var metadata: Logger.Metadata = [:]
    /// Of one copy of a logger only.
    private var own: Logger.Level?

    init(component: LogComponent, threshold: LogThreshold, system: LogSystem) {
        self.component = component
        self.threshold = threshold
        self.system = system
    }

    var logLevel: Logger.Level {
        get { own ?? threshold.level.level ?? .critical }
        set { own = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard own != nil || threshold.level != .off else { return }
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let facts = all.sorted { $0.key < $1.key }.map { (LogRecord.clean($0.key), LogRecord.clean("\($0.value)")) }
        system.write(
            LogRecord(
                level: event.level,
                component: component.rawValue,
                message: LogRecord.clean("\(event.message)"),
                metadata: facts,
                file: event.file,
                line: event.line,
                function: event.function,
                thread: ThreadIdentity.current,
                process: getpid(),
                time: WallClock.nanoseconds()
            )
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Log lines as Envoy writes them, on standard error.

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

/// `[2026-11-23 16:47:27][info][main] message key=value`, times in UTC.
struct LogFormat: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let label: String

    static func logger(_ label: String, level: LogLevel) -> Logger {
        guard let level = level.level else {
            return Logger(label: label) { _ in SwiftLogNoOpLogHandler() }
        }
        return Logger(label: label) { LogFormat(logLevel: level, label: $0) }
    }

    private init(logLevel: Logger.Level, label: String) {
        self.logLevel = logLevel
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "[\(Timestamp.text(secondsSince1970: max(0, time(nil))))][\(event.level)][\(label)] \(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(value)"
        }
        StandardStream.error.write(line + "\n")
    }
}

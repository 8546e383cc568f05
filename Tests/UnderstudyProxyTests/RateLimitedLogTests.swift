// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Warnings that traffic can cause, and how many of them are written.

import Logging
import Synchronization
import Testing
import UnderstudyCore
import UnderstudyProxy

struct RateLimitedLogTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Recorder: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let suppressed = event.metadata?["suppressed"].map { " \($0)" } ?? ""
            lines.all.withLock { $0.append("\(event.message)\(suppressed)") }
        }
    }

    @Test func `lines beyond the limit are not written, and levels that are off cost none`() {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        let log = RateLimitedLog(logger, limit: LineLimit(lines: 2, interval: .seconds(3600)))
        for _ in 0..<100 { log.log(.debug, "off") }
        for number in 0..<100 { log.log(.warning, "\(number)") }
        #expect(lines.all.withLock { $0 } == ["0", "1"])
    }

    @Test func `without an interval every line is written`() {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        let log = RateLimitedLog(logger, limit: LineLimit(lines: 1, interval: .zero))
        for number in 0..<3 { log.log(.error, "\(number)") }
        #expect(lines.all.withLock { $0 } == ["0", "1", "2"])
    }
}

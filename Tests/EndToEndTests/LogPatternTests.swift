// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Log lines in the forms that operators ask for; what the letters print was measured on Envoy 1.40.

import Logging
import Testing
import UnderstudyCore

@testable import understudy

struct LogPatternTests {
    private static func record(_ message: String = "hello", _ metadata: [(String, String)] = []) -> LogRecord {
        LogRecord(
            level: .info,
            component: "main",
            message: LogRecord.clean(message),
            metadata: metadata.map { (LogRecord.clean($0.0), LogRecord.clean($0.1)) },
            file: "Module/File.swift",
            line: 7,
            function: "run()",
            thread: 42,
            process: 40,
            time: 1_795_560_773_798_616_123
        )
    }

    @Test(arguments: [
        (LogPattern.standard, "[2026-11-24 22:52:53.798][42][info][main] [Module/File.swift:7] hello"),
        ("%Y|%m|%d|%T|%e|%f|%F", "2026|11|24|22:52:53|798|798616|798616123"),
        ("%t|%P|%l|%L|%n|%v|%_|%j", "42|40|info|I|main|hello|hello|hello"),
        ("%g|%s|%#|%!|%@|%%|%z|%E", "Module/File.swift|File.swift|7|run()|Module/File.swift:7|%|+00:00|1795560773"),
        ("%H:%M:%S|%D|%c|%^%$", "22:52:53|11/24/26|Tue Nov 24 22:52:53 2026|"),
        ("%a %A %b %B %y %I %p %R %r", "Tue Tuesday Nov November 26 10 PM 22:52 10:52:53 PM"),
        ("%5l|%-8n|%=8n|%1n", " info|main    |  main  |main"), ("%Q|%k|%", "%Q|%k|%"), ("", ""), ("é%v", "éhello"),
        ("%999v|", String(repeating: " ", count: 59) + "hello|"), ("%99999999999999999999v", "hello"),
    ])
    func `letters stand for what they do in Envoy`(format: String, line: String) {
        #expect(LogPattern(format).line(Self.record()) == line + "\n")
    }

    @Test(arguments: [
        ("two\nlines", "two\\nlines"), ("a\r\tb", "a\\r\\tb"), ("\u{1B}[31m", "\\u001b[31m"), ("\u{0}", "\\u0000"),
        ("\u{85}\u{2028}\u{202E}", "\\u0085\\u2028\\u202e"), ("é ü 漢", "é ü 漢"),
    ])
    func `no text makes a line of its own`(text: String, clean: String) {
        let line = LogPattern("%v").line(Self.record(text, [("key", text)]))
        #expect(line == "\(clean) key=\(clean)\n")
    }

    @Test func `a line of JSON has every fact under its name`() {
        let line = LogForm.json.line(Self.record("say \"hi\"", [("cluster", "a")]))
        #expect(
            line == """
                {"time":"2026-11-24T22:52:53.798Z","level":"info","component":"main","thread":42,\
                "source":"Module/File.swift:7","message":"say \\"hi\\"","facts":{"cluster":"a"}}

                """
        )
    }

    @Test func `a level is changed for one part, for all, and for none of that name`() {
        let levels = LogLevels(.info)
        #expect(levels.set("upstream", to: .debug))
        #expect(levels.threshold(.upstream).level == .debug)
        #expect(levels.threshold(.main).level == .info)
        #expect(levels.set("hc", to: .trace))
        #expect(!levels.set("nope", to: .trace))
        #expect(levels.set("main", to: nil))
        levels.setAll(.off)
        #expect(levels.levels.allSatisfy { $0.level == .off })
        #expect(levels.levels.map(\.component) == levels.levels.map(\.component).sorted())
    }
}

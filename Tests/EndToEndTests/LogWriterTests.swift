// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The way out of log lines: bounded, in order, and never in anybody's way.

import Dispatch
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import UnderstudyCore

@testable import understudy

struct LogWriterTests {
    @Test func `lines come out whole and in order`() {
        let seen = Mutex<[String]>([])
        let writer = LogWriter(tellLoss: { _ in [] }) { line in
            seen.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            return true
        }
        for number in 0..<1000 { writer.append(Array("\(number)\n".utf8)) }
        writer.flush(within: .seconds(30))
        #expect(seen.withLock { $0 } == (0..<1000).map { "\($0)\n" })
        #expect(writer.lostLines == 0)
    }

    @Test func `a stream that is stuck costs lines, which are counted and told of`() {
        let seen = Mutex<[String]>([])
        let isStuck = DispatchSemaphore(value: 0)
        let mayGoOn = DispatchSemaphore(value: 0)
        let writer = LogWriter(limit: 100, tellLoss: { Array("lost \($0)".utf8) }) { line in
            let text = String(decoding: line, as: UTF8.self)
            if text == "first" {
                isStuck.signal()
                mayGoOn.wait()
            }
            seen.withLock { $0.append(text) }
            return true
        }
        writer.append(Array("first".utf8))
        isStuck.wait()
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 19)
        for _ in 0..<10 { writer.append(line) }
        #expect(writer.lostLines == 5)
        mayGoOn.signal()
        writer.flush(within: .seconds(30))
        let text = String(decoding: line, as: UTF8.self)
        #expect(seen.withLock { $0 } == ["first", "lost 5"] + Array(repeating: text, count: 5))
    }

    @Test func `a flush does not wait for ever`() {
        let mayGoOn = DispatchSemaphore(value: 0)
        let writer = LogWriter(tellLoss: { _ in [] }) { _ in
            mayGoOn.wait()
            return true
        }
        writer.append([0x61])
        writer.flush(within: .milliseconds(1))
        mayGoOn.signal()
        writer.flush(within: .seconds(30))
    }

    @Test func `a file that was moved away is opened anew`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("log").path
        let logs = try LogSystem(form: .pattern(LogPattern("%l %n %v")), path: path)
        logs.logger(.http).info("one", metadata: ["b": "2", "a": "1"])
        logs.logger(.http).debug("hidden")
        logs.flush()
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        logs.reopen()
        logs.levels.setAll(.debug)
        logs.logger(.http).debug("two")
        logs.levels.setAll(.off)
        logs.logger(.http).critical("hidden")
        logs.flush()
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8) == "info http one a=1 b=2\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "debug http two\n")
    }

    @Test func `a file that cannot be opened is told by its path and reason`() {
        #expect {
            try LogSystem(path: "/nonexistent/log")
        } throws: {
            "\($0)" == "cannot open log file '/nonexistent/log': no such file or directory"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Lines reach their files, whole and in order, and a disk that is stuck or full only costs lines.

import NIOCore
import NIOEmbedded
import NIOPosix
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

struct AccessLogRegistryTests {
    private func value(_ name: String, _ registry: AccessLogRegistry) -> UInt64? {
        registry.statistics.statistics().first { $0.name == "filesystem.\(name)" }?.value
    }

    /// Writes numbered lines on a loop of its own.
    private func write(_ numbers: Range<Int>, _ registry: AccessLogRegistry, _ sink: AccessLog.Sink) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        try await loop.submit {
            let buffer = try registry.buffers(on: loop).buffer(for: registry.open(sink))
            for number in numbers { buffer.append { $0 += Array("line \(number)\n".utf8) } }
        }.get()
    }

    @Test func `lines of several workers are written whole, in each one's order`() async throws {
        try await Folder.with { folder in
            let registry = AccessLogRegistry(flushSize: 100)
            let sink = AccessLog.Sink.file(path: folder.path("log"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask { try await write(worker * 1000..<worker * 1000 + 500, registry, sink) }
                }
                try await group.waitForAll()
            }
            await registry.flushAll()
            let numbers = try folder.lines("log").map { try #require(Int($0.dropFirst("line ".count))) }
            for worker in 0..<4 {
                #expect(numbers.filter { $0 / 1000 == worker } == Array(worker * 1000..<worker * 1000 + 500))
            }
            #expect(value("write_buffered", registry) == 2000)
            #expect(value("write_total_buffered", registry) == 0)
            #expect(value("lines_dropped", registry) == 0)
            await registry.shutDown(within: .seconds(10))
        }
    }

    @Test func `after a rename, lines go to a new file, and none is lost`() async throws {
        try await Folder.with { folder in
            let registry = AccessLogRegistry()
            let sink = AccessLog.Sink.file(path: folder.path("log"))
            try await write(0..<10, registry, sink)
            try folder.rename("log", "log.1")
            await registry.reopenAll()
            try await write(10..<20, registry, sink)
            await registry.flushAll()
            #expect(try folder.lines("log.1") == (0..<10).map { "line \($0)" })
            #expect(try folder.lines("log") == (10..<20).map { "line \($0)" })
            await registry.shutDown(within: .seconds(10))
        }
    }

    @Test func `a file that cannot be opened again goes on as it was`() async throws {
        try await Folder.with { folder in
            try folder.makeFolder("inner")
            let registry = AccessLogRegistry()
            let sink = AccessLog.Sink.file(path: folder.path("inner/log"))
            try await write(0..<1, registry, sink)
            try folder.rename("inner", "other")
            await registry.reopenAll()
            try await write(1..<2, registry, sink)
            await registry.flushAll()
            #expect(try folder.lines("other/log") == ["line 0", "line 1"])
            #expect(value("reopen_failed", registry) == 1)
            await registry.shutDown(within: .seconds(10))
        }
    }

    @Test(arguments: [("/nonexistent/x.log", "no such file or directory"), ("/tmp", "is a directory")])
    func `a file that cannot be opened is told with path and reason`(path: String, reason: String) {
        let fault = AccessLogFault(description: "unable to open file '\(path)': \(reason)")
        #expect(throws: fault) { try AccessLogRegistry().open(.file(path: path)) }
    }

    @Test func `all logs of a path share a file`() throws {
        let registry = AccessLogRegistry()
        #expect(try registry.open(.file(path: "/dev/null")) === registry.open(.file(path: "/dev/null")))
        #expect(try registry.open(.file(path: "/dev/stdout")) === registry.open(.standardOutput))
    }

    @Test func `a full disk costs lines, which are counted`() async throws {
        let registry = AccessLogRegistry()
        try await write(0..<7, registry, .file(path: "/dev/full"))
        await registry.flushAll()
        #expect(value("write_failed", registry) == 1)
        #expect(value("lines_dropped", registry) == 7)
        #expect(value("write_total_buffered", registry) == 0)
        await registry.shutDown(within: .seconds(10))
    }

    @Test func `a pipe without a reader takes what it can, and the rest is dropped at its bound`() async throws {
        try await Folder.with { folder in
            #expect(folder.makePipe("pipe"))
            let registry = AccessLogRegistry(flushSize: 1024, queueCapacity: 64 * 1024)
            // A pipe holds 64 KiB on Linux, and the queue as much; the third share is too much.
            try await write(0..<20_000, registry, .file(path: folder.path("pipe")))
            #expect(try #require(value("lines_dropped", registry)) > 0)
            #expect(try #require(value("write_total_buffered", registry)) <= 64 * 1024 + 2048)
            await registry.shutDown(within: .milliseconds(10))
            let file = try registry.open(.file(path: folder.path("pipe")))
            await file.written()
        }
    }

    @Test func `the last lines are waited for, even by a task that is cancelled`() async throws {
        try await Folder.with { folder in
            let registry = AccessLogRegistry()
            let sink = AccessLog.Sink.file(path: folder.path("log"))
            try await write(0..<100_000, registry, sink)
            let end = Task { await registry.shutDown(within: .seconds(30)) }
            end.cancel()
            await end.value
            #expect(value("lines_dropped", registry) == 0)
            #expect(value("write_total_buffered", registry) == 0)
            #expect(try folder.lines("log").count == 100_000)
        }
    }

    @Test func `the clock flushes what waits, once an interval`() async throws {
        try await Folder.with { folder in
            let registry = AccessLogRegistry(flushInterval: .seconds(10))
            let loop = EmbeddedEventLoop()
            let file = try registry.open(.file(path: folder.path("log")))
            let buffers = registry.buffers(on: loop)
            let buffer = buffers.buffer(for: file)
            #expect(buffers.buffer(for: file) === buffer)
            buffer.append { $0 += Array("one\n".utf8) }
            loop.advanceTime(by: .seconds(9))
            buffer.append { $0 += Array("two\n".utf8) }
            #expect(value("flushed_by_timer", registry) == 0)
            #expect(value("write_total_buffered", registry) == 8)
            loop.advanceTime(by: .seconds(1))
            #expect(value("flushed_by_timer", registry) == 1)
            await file.written()
            #expect(try folder.lines("log") == ["one", "two"])
            loop.advanceTime(by: .seconds(60))
            #expect(value("flushed_by_timer", registry) == 1)
            buffer.append { $0 += Array("three\n".utf8) }
            buffers.stop()
            await file.written()
            #expect(try folder.lines("log") == ["one", "two", "three"])
        }
    }

    @Test func `lines of copies never take the room of others`() async throws {
        try await Folder.with { folder in
            let path = try #require(folder.pipe("fifo"))
            let registry = AccessLogRegistry(flushSize: 1, queueCapacity: 1 << 20)
            let file = try registry.open(.file(path: path))
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let line = [UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)
            // Nobody reads.
            try await loop.submit {
                let buffers = registry.buffers(on: loop)
                for _ in 0..<40 { buffers.buffer(for: file, ofCopies: true).append { $0 += line } }
            }.get()
            let dropped = try #require(value("lines_dropped", registry))
            #expect(dropped >= 30)
            try await loop.submit {
                let buffers = registry.buffers(on: loop)
                for _ in 0..<8 { buffers.buffer(for: file).append { $0 += line } }
            }.get()
            #expect(value("lines_dropped", registry) == dropped)
            await registry.shutDown(within: .milliseconds(1))
        }
    }
}

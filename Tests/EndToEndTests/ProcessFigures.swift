// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What Linux tells about a process: its memory, its processor time, whether it stands still.

internal import Foundation
internal import TestSupport

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum ProcessFigures {
    /// False where there is no `/proc`.
    static var areThere: Bool { FileManager.default.fileExists(atPath: "/proc/self/status") }

    private struct NoFigure: Error {}

    /// Most bytes that were ever resident.
    static func peakMemory(of process: ProxyProcess) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let number = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first,
            let kibibytes = Int(number)
        else { throw NoFigure() }
        return kibibytes << 10
    }

    /// Processor time used so far by all threads.
    static func processorTime(of process: ProxyProcess) throws -> Duration {
        let ticks = try fields("/proc/\(process.identifier)/stat")[12...13].compactMap { Int($0) }.reduce(0, +)
        return .milliseconds(ticks * 10)
    }

    /// Whether every thread has been stopped by a signal.
    static func isStopped(_ process: ProxyProcess) throws -> Bool {
        let threads = "/proc/\(process.identifier)/task"
        return try FileManager.default.contentsOfDirectory(atPath: threads).allSatisfy {
            try fields("\(threads)/\($0)/stat")[1] == "T"
        }
    }

    /// The fields from the second on; that one is a name in brackets and may contain anything.
    private static func fields(_ path: String) throws -> [Substring] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let end = text.lastIndex(of: ")") else { throw NoFigure() }
        return text[end...].split(separator: " ")
    }
}

extension ProxyProcess {
    /// Runs `body` while the process stands still.
    func whileStopped(_ body: () async throws -> Void) async throws {
        signal(SIGSTOP)
        let start = ContinuousClock.now
        while try !ProcessFigures.isStopped(self) {
            guard ContinuousClock.now - start < Patience.usual else {
                throw Overdue("the process to stop", after: Patience.usual, state: "it runs")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        defer { signal(SIGCONT) }
        try await body()
    }
}

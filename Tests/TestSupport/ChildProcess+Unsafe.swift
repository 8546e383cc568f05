// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Starts a program. Foundation's own way reads beyond what the system gave it once this process has more than about
// 1,300 descriptors open, which tests of many connections have.
//
// Unsafe because the C calls take pointers; all of them live for the length of one call here.

internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A program that was started, with both of its outputs read to their ends.
final class ChildProcess: Sendable {
    enum Stream: Sendable { case output, error }

    /// What is told, from threads of their own.
    enum Event: Sendable {
        case text(String, Stream)
        /// Nobody writes to the stream any more.
        case closed(Stream)
        /// The exit code, or the negative number of the signal that ended it.
        case ended(Int32)
    }

    private struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    let identifier: pid_t
    private let hasEnded = Atomic(false)

    var isRunning: Bool { !hasEnded.load(ordering: .acquiring) }

    /// - Parameters:
    ///   - environment: The whole of it.
    ///   - report: Told of what happens.
    init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String],
        report: @escaping @Sendable (Event) -> Void
    ) throws {
        let variables = environment.map { "\($0)=\($1)" }
        // One at a time: a program that inherited the ends of another's pipes would keep them open.
        let (identifier, output, error) = try Self.starting.withLock { _ in
            let (output, error) = (try Self.pipe(), try Self.pipe())
            defer { for end in [output.write, error.write] { _ = close(end) } }
            return (try Self.spawn(path, [path] + arguments, variables, output.write, error.write), output, error)
        }
        self.identifier = identifier
        Self.read(output.read) { report($0.map { .text($0, .output) } ?? .closed(.output)) }
        Self.read(error.read) { report($0.map { .text($0, .error) } ?? .closed(.error)) }
        Thread.detachNewThread { [self] in
            let code = Self.wait(for: identifier)
            hasEnded.store(true, ordering: .releasing)
            report(.ended(code))
        }
    }

    func signal(_ number: Int32) {
        if isRunning { _ = kill(identifier, number) }
    }

    private static let starting = Mutex(())

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        #if canImport(Glibc)
        let result = unsafe Glibc.pipe(&ends)
        #elseif canImport(Musl)
        let result = unsafe Musl.pipe(&ends)
        #else
        let result = unsafe Darwin.pipe(&ends)
        #endif
        guard result == 0 else { throw Refused(description: "no pipe: \(errno)") }
        return (ends[0], ends[1])
    }

    /// What this process has open, but for the standard streams.
    private static func descriptors() -> [Int32] {
        guard let folder = unsafe opendir("/proc/self/fd") else { return [] }
        defer { unsafe closedir(folder) }
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
        var numbers: [Int32] = []
        // Only the bytes up to the end of the name are there.
        while let entry = unsafe readdir(folder) {
            let name = unsafe UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
            if let number = unsafe Int32(String(cString: name)), number > 2 { numbers.append(number) }
        }
        return numbers
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String],
        _ output: Int32,
        _ error: Int32
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, error, 2)
        for descriptor in descriptors() { unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        // This process blocks and ignores signals that the program has to get.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var texts = unsafe (arguments + environment).map { unsafe strdup($0) }
        defer { unsafe texts.forEach { unsafe free($0) } }
        unsafe texts.insert(nil, at: arguments.count)
        unsafe texts.append(nil)
        var identifier: pid_t = 0
        let result = unsafe texts.withUnsafeBufferPointer { texts in
            let first = unsafe texts.baseAddress.unsafelyUnwrapped
            return unsafe posix_spawn(
                &identifier,
                path,
                &actions,
                &attributes,
                UnsafeMutablePointer(mutating: first),
                UnsafeMutablePointer(mutating: first + arguments.count + 1)
            )
        }
        guard result == 0 else { throw Refused(description: "\(path) cannot be started: \(result)") }
        return identifier
    }

    /// - Parameter report: Gets each piece of text, and `nil` at the end.
    private static func read(_ descriptor: Int32, report: @escaping @Sendable (String?) -> Void) {
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 16 * 1024)
            while true {
                let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                    #if canImport(Glibc)
                    unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
                    #elseif canImport(Musl)
                    unsafe Musl.read(descriptor, bytes.baseAddress, bytes.count)
                    #else
                    unsafe Darwin.read(descriptor, bytes.baseAddress, bytes.count)
                    #endif
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                report(String(decoding: buffer[..<count], as: UTF8.self))
            }
            _ = close(descriptor)
            report(nil)
        }
    }

    private static func wait(for identifier: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : -signal
    }
}

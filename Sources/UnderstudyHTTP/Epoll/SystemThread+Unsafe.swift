// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A thread of the system's for an event loop.
//
// Unsafe because a thread begins with a pointer: it is a reference that the new thread takes over.

#if os(Linux)
internal import CEpoll
internal import NIOCore

enum SystemThread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// - Parameter name: At most 15 characters.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(IOError) {
        let work = unsafe Unmanaged.passRetained(Work(body))
        let code = unsafe system_start_thread(name, { unsafe SystemThread.run($0) }, work.toOpaque())
        guard code != 0 else { return }
        // Nobody else will.
        unsafe work.release()
        throw IOError(errnoCode: code, reason: "a thread")
    }

    private static func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let pointer = unsafe pointer else { return nil }
        // Safe: the reference that `start` has made, and only here it is taken.
        let work = unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
        work.body()
        return nil
    }

    /// The calling one; no other has the same while it lives.
    static var current: UInt { UInt(system_current_thread()) }
}
#endif

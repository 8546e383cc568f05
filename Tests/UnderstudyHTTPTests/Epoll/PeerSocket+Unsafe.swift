// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The other end of a connection on the system's calls, each of which is done when it returns: what a loop that is held
// meanwhile finds at once is up to the test.
//
// Unsafe because the calls take pointers, to variables that outlive them and with their true sizes.

#if os(Linux)
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

@testable import UnderstudyHTTP

/// A socket that waits in its calls.
final class PeerSocket: Sendable {
    enum End: Equatable {
        case closed, reset
        /// There was none.
        case none
    }

    private let descriptor: CInt
    /// What was sent is on its way until it is acknowledged.
    private let isRemote: Bool
    private let isClosed = Atomic(false)

    private init(_ descriptor: CInt, isRemote: Bool = true) {
        self.descriptor = descriptor
        self.isRemote = isRemote
    }

    deinit { close() }

    // MARK: Connections

    /// A connection on loopback: the end that was accepted, and the other one.
    static func connect() throws -> (accepted: CInt, peer: PeerSocket) {
        let any = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
        let listener = try checked(SystemSocket.open(any))
        defer { SystemSocket.giveBack(listener) }
        _ = try checked(SystemSocket.beginListening(listener, on: any, backlog: 1))
        guard let address = SystemSocket.localAddress(listener) else {
            throw IOError(errnoCode: errno, reason: "a test's address")
        }
        let peer = PeerSocket(try checked(socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)))
        _ = try checked(SystemSocket.beginConnecting(peer.descriptor, to: address))
        SocketOptions.sendAtOnce(peer.descriptor)
        peer.limitWaiting()
        try wait(for: POLLIN, of: listener)
        return (try checked(SystemSocket.takeClient(listener).0), peer)
    }

    /// Two ends of a pipe.
    static func pair() throws -> (CInt, PeerSocket) {
        var ends: [CInt] = [-1, -1]
        _ = try checked(unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends))
        return (ends[0], PeerSocket(ends[1], isRemote: false))
    }

    private static func checked(_ code: CInt) throws -> CInt {
        guard code < 0 else { return code }
        throw IOError(errnoCode: code == -1 ? errno : -code, reason: "a test's socket")
    }

    /// No call outlasts a test's patience.
    private func limitWaiting() {
        var time = timeval(tv_sec: Int(Patience.bulk.components.seconds), tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    // MARK: Sending

    /// Returns when the other end's system has all of it.
    func send(_ bytes: [UInt8], isUrgent: Bool = false) throws {
        let flags = CInt(MSG_NOSIGNAL) | (isUrgent ? CInt(MSG_OOB) : 0)
        guard unsafe Glibc.send(descriptor, bytes, bytes.count, flags) == bytes.count else {
            throw IOError(errnoCode: errno, reason: "send")
        }
        awaitAcknowledgement()
    }

    func send(_ text: String, isUrgent: Bool = false) throws {
        try send(Array(text.utf8), isUrgent: isUrgent)
    }

    /// Says that nothing more comes; returns when the other end's system knows.
    func finishSending() {
        SystemSocket.endWriting(descriptor)
        awaitAcknowledgement()
    }

    private func awaitAcknowledgement() {
        var count: CInt = isRemote ? 1 : 0
        // On loopback it is there at once; of a connection that has been reset it never comes.
        let end = ContinuousClock.now + Patience.usual
        while count > 0, ContinuousClock.now < end, unsafe ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 {}
    }

    // MARK: Receiving

    /// What still comes, and how it ends; away from the test's threads, because it waits.
    func readToEnd() async throws -> (bytes: Int, end: End) {
        try await NIOThreadPool.singleton.runIfActive { self.readAll() }
    }

    private func readAll() -> (bytes: Int, end: End) {
        var buffer = ByteBufferAllocator().buffer(capacity: 1 << 20)
        var bytes = 0
        while true {
            buffer.clear()
            let count = SystemSocket.receive(descriptor, into: &buffer)
            switch count {
            case 1...: bytes += count
            case 0: return (bytes, .closed)
            case -Int(ECONNRESET): return (bytes, .reset)
            default: return (bytes, .none)
            }
        }
    }

    // MARK: Ending

    func reset() {
        SystemSocket.resetOnClose(descriptor)
        close()
    }

    func close() {
        if !isClosed.exchange(true, ordering: .relaxed) { SystemSocket.giveBack(descriptor) }
    }

    // MARK: The system

    /// Waits until this has come to a socket, without taking it.
    static func wait(for event: CInt, of descriptor: CInt) throws {
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        let count = unsafe poll(&entry, 1, CInt(Patience.usual.components.seconds) * 1000)
        guard count == 1, CInt(entry.revents) & event != 0 else {
            throw Overdue("event \(event)", after: Patience.usual, state: "\(entry.revents)")
        }
    }

    /// Gives the number `old` to the socket `new`, which loses its own: nobody else can get it between.
    static func move(_ new: CInt, to old: CInt) throws {
        _ = try checked(dup2(new, old))
        SystemSocket.giveBack(new)
    }
}
#endif

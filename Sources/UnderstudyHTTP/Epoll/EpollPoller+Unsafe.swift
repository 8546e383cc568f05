// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The system's list of sockets that something may have happened to.
//
// Unsafe because `epoll_wait` fills memory that the poller owns for as long as it lives; nobody else sees a pointer to it.

#if os(Linux)
internal import CEpoll
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// What has happened to a socket since it was last told.
struct EpollEvents: OptionSet {
    let rawValue: UInt32

    static let readable = EpollEvents(rawValue: EPOLLIN.rawValue)
    /// TCP's urgent data, at which a read stops though there is more.
    static let urgent = EpollEvents(rawValue: EPOLLPRI.rawValue)
    static let writable = EpollEvents(rawValue: EPOLLOUT.rawValue)
    /// Nothing comes any more beyond what has come, or there is an error: both are found by reading.
    static let ended = EpollEvents(rawValue: EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue)
    /// The connection is gone both ways.
    static let broken = EpollEvents(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
}

/// Used by its loop only, except for `wake`.
@safe final class EpollPoller {
    private let queue: CInt
    private let waker: CInt
    private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: mostEvents)

    /// Events that are told in one turn.
    private static let mostEvents = 256
    /// No socket's token.
    private static let wakerToken = UInt64.max

    init() throws(IOError) {
        queue = epoll_create1(CInt(EPOLL_CLOEXEC))
        waker = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        guard queue >= 0, waker >= 0 else { throw IOError(errnoCode: errno, reason: "an event loop") }
        let code = add(waker, token: Self.wakerToken)
        guard code == 0 else { throw IOError(errnoCode: code, reason: "an event loop") }
    }

    deinit {
        if queue >= 0 { close(queue) }
        if waker >= 0 { close(waker) }
        unsafe events.deallocate()
    }

    /// Tells of everything that happens to a descriptor from now on, once each; closing it ends that.
    ///
    /// - Parameter token: What it is told as.
    /// - Returns: The error's number; zero for none.
    func add(_ descriptor: CInt, token: UInt64) -> CInt {
        var event = unsafe epoll_event()
        let changes = EPOLLIN.rawValue | EPOLLPRI.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue
        unsafe event.events = changes | EPOLLET.rawValue
        unsafe event.data.u64 = token
        return unsafe epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno
    }

    /// Waits for something to happen, and tells of it.
    ///
    /// - Parameter time: In milliseconds; negative for ever.
    func wait(_ time: CInt, _ body: (UInt64, EpollEvents) -> Void) {
        // An interrupted wait has nothing to tell.
        let count = unsafe epoll_wait(queue, events.baseAddress, CInt(Self.mostEvents), time)
        var index = 0
        while index < count {
            // Safe: the system has filled the first `count` entries.
            let event = unsafe events[index]
            let token = unsafe event.data.u64
            if token != Self.wakerToken { unsafe body(token, EpollEvents(rawValue: event.events)) }
            index += 1
        }
    }

    /// Ends a wait; from any thread.
    func wake() {
        // Told once for each write, so nobody has to read it back; it could overflow after 2^64 of them.
        eventfd_write(waker, 1)
    }
}
#endif

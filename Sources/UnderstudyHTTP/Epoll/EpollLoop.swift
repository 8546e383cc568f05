// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The event loop of the workers, on the system's calls themselves: with it a request takes three quarters of the CPU that it
// takes on NIO's channels (docs/decisions/0004-own-event-loop.md).

#if os(Linux)
public import Dispatch
public import NIOCore
internal import Synchronization

/// One thread and the sockets, tasks and timers that belong to it.
///
/// Others reach it by its inbox only, which has a lock, and by atomics: everything else is touched on its thread alone.
///
/// A socket is told to the system once, and then every change of it is told once (`EPOLLET`): there is no call to say what
/// is waited for.
public final class EpollLoop: EventLoop, @unchecked Sendable {
    /// What others hand in.
    private struct Inbox {
        var tasks: [@Sendable () -> Void] = []
        var endings: [@Sendable () -> Void] = []
        /// Nobody looks into it any more.
        var isClosed = false
    }

    private let poller: EpollPoller
    private let inbox = Mutex(Inbox())
    private let hasMail = Atomic(false)
    private let thread = Atomic<UInt>(0)
    private let numbers = Atomic<UInt64>(0)

    // From here on for the loop's thread only.

    private var slots = SocketSlots()
    private var tasks: [() -> Void] = []
    private var running: [() -> Void] = []
    private var waiting: [any EpollSource] = []
    private var revisited: [any EpollSource] = []
    private var scheduled = ScheduledTasks()
    private var isEnding = false
    /// Read before each thing that is done.
    let clock = LoopClock(isKept: true)
    var buffers = ReadBuffers()

    /// Tasks after which sockets have their turn again.
    private static let mostTasks = 4096
    /// How often those that never stop adding tasks have their turn when the loop ends.
    private static let mostLastTurns = 1000

    /// Begins at once.
    ///
    /// - Parameter name: Of the thread; at most 15 characters.
    public init(name: String) throws(IOError) {
        poller = try EpollPoller()
        try SystemThread.start(name) { self.run() }
    }

    private func run() {
        thread.store(SystemThread.current, ordering: .relaxed)
        while !isEnding { turn() }
        end()
    }

    /// Sockets first, so that what they cause leaves in one go.
    ///
    /// Not inlined: `Benchmarks/instructions.py` knows a worker's thread by it.
    @inline(never)
    private func turn() {
        poller.wait(waitTime) { token, events in
            clock.read()
            slots[token]?.happened(events)
        }
        revisit()
        if hasMail.load(ordering: .relaxed) { takeMail() }
        runTasks()
        runDue()
    }

    /// Until something is to be done, in milliseconds, rounded up.
    private var waitTime: CInt {
        if !tasks.isEmpty || !waiting.isEmpty || hasMail.load(ordering: .acquiring) { return 0 }
        guard let earliest = scheduled.earliest else { return -1 }
        let nanoseconds = max(0, (earliest - clock.now).nanoseconds)
        return CInt(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    private func revisit() {
        guard !waiting.isEmpty else { return }
        swap(&waiting, &revisited)
        for source in revisited {
            clock.read()
            source.revisited()
        }
        revisited.removeAll(keepingCapacity: true)
    }

    private func takeMail() {
        hasMail.store(false, ordering: .sequentiallyConsistent)
        let mail = inbox.withLock { inbox in
            defer { inbox.tasks = [] }
            return inbox.tasks
        }
        // An array of what is `Sendable` is no array of what need not be.
        for task in mail { tasks.append(task) }
    }

    private func runDue() {
        guard let earliest = scheduled.earliest else { return }
        clock.read()
        guard earliest <= clock.now else { return }
        let now = clock.now
        while let due = scheduled.takeDue(now) {
            switch due.work {
            case .task(let task, _): task()
            case .callback(let handler): handler.handleScheduledCallback(eventLoop: self)
            }
            // What became due meanwhile is so in the next turn, at once.
            clock.read()
        }
    }

    private func runTasks() {
        var left = Self.mostTasks
        while !tasks.isEmpty, left > 0 {
            swap(&tasks, &running)
            for task in running {
                clock.read()
                task()
            }
            left -= running.count
            running.removeAll(keepingCapacity: true)
        }
    }

    /// Does what is still to be done, and closes what is left.
    private func end() {
        finish()
        let endings = inbox.withLock { inbox in
            inbox.isClosed = true
            return inbox.endings
        }
        takeMail()
        // What is done now may begin something new, as a client that was dealt to this loop does.
        for _ in 0..<Self.mostLastTurns {
            finish()
            if tasks.isEmpty, slots.all.isEmpty, scheduled.earliest == nil { break }
        }
        thread.store(0, ordering: .relaxed)
        for ending in endings { ending() }
    }

    private func finish() {
        runTasks()
        clock.read()
        for source in slots.all { source.loopEnded() }
        for entry in scheduled.removeAll() { abandon(entry) }
    }

    private func abandon(_ entry: ScheduledTasks.Entry) {
        switch entry.work {
        case .task(_, let abandon): abandon()
        case .callback(let handler): handler.didCancelScheduledCallback(eventLoop: self)
        }
    }

    // MARK: Sockets

    /// Tells a source of everything that happens to its descriptor, until `remove`.
    ///
    /// - Returns: The error's number, or the token for `remove`.
    func add(_ source: any EpollSource, _ descriptor: CInt) -> Result<UInt64, IOError> {
        let token = slots.insert(source)
        let code = poller.add(descriptor, token: token)
        if code == 0 { return .success(token) }
        slots.remove(token)
        return .failure(IOError(errnoCode: code, reason: "epoll_ctl"))
    }

    func remove(_ token: UInt64) {
        slots.remove(token)
    }

    /// Calls a source once more when all the others that are ready have had their turn.
    func revisit(_ source: any EpollSource) {
        waiting.append(source)
    }

    // MARK: Tasks

    public var inEventLoop: Bool { thread.load(ordering: .relaxed) == SystemThread.current }

    public func execute(_ task: @escaping @Sendable () -> Void) {
        if inEventLoop { tasks.append(task) } else { post { $0.tasks.append(task) } }
    }

    /// - Returns: Whether it will run.
    func executeUnlessEnded(_ task: @escaping @Sendable () -> Void) -> Bool {
        post { $0.tasks.append(task) }
    }

    public func _executeIsolatedUnsafeUnchecked(_ task: @escaping () -> Void) {
        tasks.append(task)
    }

    /// - Returns: Whether anybody will look at it.
    @discardableResult
    private func post(_ body: (inout sending Inbox) -> Void) -> Bool {
        let isOpen = inbox.withLock { inbox in
            if !inbox.isClosed { body(&inbox) }
            return !inbox.isClosed
        }
        if isOpen, !hasMail.exchange(true, ordering: .sequentiallyConsistent) { poller.wake() }
        return isOpen
    }

    public func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        let ending = { @Sendable in queue.async { callback(nil) } }
        let isOpen = post { inbox in
            inbox.endings.append(ending)
            inbox.tasks.append { self.isEnding = true }
        }
        if !isOpen { ending() }
    }
}

extension EpollLoop {
    @discardableResult
    public func scheduleTask<T>(
        deadline: NIODeadline,
        _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        let promise = makePromise(of: T.self)
        let number = nextNumber()
        let isOpen = onLoop { loop in
            let work = ScheduledTasks.Work.task(
                { promise.assumeIsolated().completeWith(Result { try task() }) },
                abandon: { promise.fail(EventLoopError.shutdown) }
            )
            loop.scheduled.insert(ScheduledTasks.Entry(deadline: deadline, number: number, work: work))
        }
        if !isOpen { promise.fail(EventLoopError.shutdown) }
        return Scheduled(promise: promise) { self.onLoop { loop in loop.scheduled.remove(number) } }
    }

    private func nextNumber() -> UInt64 { numbers.add(1, ordering: .relaxed).newValue }

    @discardableResult
    public func scheduleTask<T>(
        in delay: TimeAmount,
        _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        scheduleTask(deadline: .now() + delay, task)
    }

    /// - Returns: Whether there still is a loop to do it.
    @discardableResult
    private func onLoop(_ body: @escaping @Sendable (EpollLoop) -> Void) -> Bool {
        guard inEventLoop else { return post { $0.tasks.append { body(self) } } }
        body(self)
        return true
    }

    // MARK: Callbacks, which take no memory each

    @discardableResult
    public func scheduleCallback(
        at deadline: NIODeadline,
        handler: some (NIOScheduledCallbackHandler & Sendable)
    ) -> NIOScheduledCallback {
        let number = nextNumber()
        onLoop { $0.insert(handler, at: deadline, number) }
        return NIOScheduledCallback(self, id: number)
    }

    @discardableResult
    public func _scheduleCallbackIsolatedUnsafeUnchecked(
        at deadline: NIODeadline,
        handler: some NIOScheduledCallbackHandler
    ) -> NIOScheduledCallback {
        let number = nextNumber()
        insert(handler, at: deadline, number)
        return NIOScheduledCallback(self, id: number)
    }

    @discardableResult
    public func _scheduleCallbackIsolatedUnsafeUnchecked(
        in amount: TimeAmount,
        handler: some NIOScheduledCallbackHandler
    ) -> NIOScheduledCallback {
        _scheduleCallbackIsolatedUnsafeUnchecked(at: .now() + amount, handler: handler)
    }

    private func insert(_ handler: some NIOScheduledCallbackHandler, at deadline: NIODeadline, _ number: UInt64) {
        scheduled.insert(ScheduledTasks.Entry(deadline: deadline, number: number, work: .callback(handler)))
    }

    public func cancelScheduledCallback(_ scheduledCallback: NIOScheduledCallback) {
        guard let number = scheduledCallback.customCallbackID else { return }
        onLoop { loop in
            if let entry = loop.scheduled.remove(number) { loop.abandon(entry) }
        }
    }
}
#endif

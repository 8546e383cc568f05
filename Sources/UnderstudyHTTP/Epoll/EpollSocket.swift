// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One connection's socket on an event loop: what the kernel says of it, and what is to be sent and read.

#if os(Linux)
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Whoever uses a socket.
///
/// Loop-bound. Nothing of this is called from within a call to the socket, except for `socketSent`.
protocol EpollSocketOwner: AnyObject {
    func socketConnected()
    /// Whoever asked for the connection hears why.
    func socketCouldNotConnect()
    func socketReceived(_ bytes: ByteBuffer)
    func socketWritabilityChanged()
    /// The system has taken bytes.
    func socketSent()
    /// It is gone, without the owner's doing.
    func socketClosed(_ end: SocketEnd)
}

/// Why a socket has ended.
enum SocketEnd {
    case closedByPeer
    /// The error's number.
    case failed(CInt)
    /// What the owner has sent could not be delivered.
    case writeFailed(CInt)
}

/// What the kernel tells of one connection, and what is to be read from it and sent to it.
///
/// It reads a bounded number of times in a turn of the loop. A read that does not fill its buffer has taken all that
/// there was, unless the peer sends urgent data: the system tells when there is more.
///
/// Loop-bound.
final class EpollSocket: EpollSource {
    enum Phase { case unopened, connecting, connected, closed }

    let loop: EpollLoop
    /// Kept until the socket is closed.
    var owner: (any EpollSocketOwner)?
    var phase = Phase.unopened
    var descriptor: CInt
    var token: UInt64?
    var remoteAddress: SocketAddress?
    var attempt: ConnectAttempt?

    private var queue = WriteQueue()
    private var lowMark = 32 * 1024
    private var highMark = 64 * 1024
    private(set) var isBelowMark = true
    private var mayWrite = true
    /// The peer is to hear that nothing comes any more, once everything has left.
    private(set) var endsWriting = false

    private var readSize: ReadSize
    private var isReading = true
    /// There may be something to read.
    private var mayRead = false
    /// What there is to read comes to an end, which is read even if nobody wants to read now.
    private var isEnding = false
    private var hasUrgentData = false
    /// Ends it once everything is read.
    private var failure: SocketEnd?
    /// It has asked the loop for another turn.
    private var isWaiting = false
    private var tellsWritability = false
    /// Where it has a place for as long as it is open.
    private var places: ClientPlaces?

    /// - Parameter descriptor: Of an accepted connection; otherwise `connect` follows.
    init(_ loop: EpollLoop, descriptor: CInt = -1, remoteAddress: SocketAddress? = nil, readSize: ReadSize) {
        self.loop = loop
        self.descriptor = descriptor
        self.remoteAddress = remoteAddress
        self.readSize = readSize
    }

    /// - Parameter bytes: What may wait before the owner is asked to wait; it goes on when half of it has left.
    func setMark(_ bytes: Int) {
        highMark = max(1, bytes)
        lowMark = max(1, bytes / 2)
    }

    var isConnected: Bool { phase == .connected }
    var isClosed: Bool { phase == .closed }
    var queuedBytes: Int { queue.bytes }
    /// What was to be sent is lost; the end comes when everything is read.
    var hasFailed: Bool { failure != nil }

    // MARK: Opening

    /// Begins the life of an accepted connection.
    ///
    /// - Parameter places: Has counted it; hears when it is closed.
    func begin(_ places: ClientPlaces?) {
        // The owner may have closed it while it got to know it.
        guard phase == .unopened else {
            places?.free()
            return
        }
        self.places = places
        switch loop.add(self, descriptor) {
        case .success(let token): self.token = token
        case .failure(let error): return end(.failed(error.errnoCode))
        }
        phase = .connected
        owner?.socketConnected()
    }

    // MARK: What the loop tells

    func happened(_ events: EpollEvents) {
        if phase == .connecting {
            guard !events.isDisjoint(with: [.writable, .broken]) else { return }
            finishConnecting()
        }
        guard phase == .connected else { return }
        if events.contains(.writable), events.isDisjoint(with: .broken) {
            mayWrite = true
            if !queue.isEmpty { drain() }
        }
        if !events.isDisjoint(with: .ended) { isEnding = true }
        if events.contains(.urgent) { hasUrgentData = true }
        if isEnding || !events.isDisjoint(with: [.readable, .urgent]) {
            mayRead = true
            if !isWaiting { proceed() }
        }
    }

    func revisited() {
        isWaiting = false
        proceed()
    }

    func loopEnded() {
        if phase == .connecting { stopConnecting(ChannelError.ioOnClosedChannel) } else { end(.failed(ECANCELED)) }
    }

    private func proceed() {
        if tellsWritability {
            tellsWritability = false
            owner?.socketWritabilityChanged()
        }
        guard phase == .connected else { return }
        if wantsToRead { readSome() } else if let failure { end(failure) }
    }

    private func ask() {
        guard !isWaiting else { return }
        isWaiting = true
        loop.revisit(self)
    }

    // MARK: Reading

    /// Whether the owner wants to read on.
    ///
    /// The peer's end is told all the same, after everything that came before it.
    func setReading(_ isReading: Bool) {
        self.isReading = isReading
        if isReading, mayRead { ask() }
    }

    func setReadSize(_ size: ReadSize) {
        readSize = size
    }

    private func readSome() {
        for _ in 0..<readSize.timesAtOnce {
            guard read(), phase == .connected, wantsToRead else { return }
        }
        ask()
    }

    private var wantsToRead: Bool { mayRead && (isReading || isEnding || failure != nil) }

    /// - Returns: Whether there may be more.
    private func read() -> Bool {
        let size = readSize.bytes
        var buffer = loop.buffers.take(size)
        defer { loop.buffers.give(buffer, size) }
        let room = buffer.writableBytes
        let count = SystemSocket.receive(descriptor, into: &buffer)
        guard count > 0 else { return readNothing(CInt(clamping: -count)) }
        readSize.record(count)
        // A read that does not fill its buffer has taken all, unless it stopped at urgent data.
        mayRead = count == room || isEnding || failure != nil || hasUrgentData
        owner?.socketReceived(buffer)
        return mayRead
    }

    /// - Parameter code: The error's number; zero at the peer's end.
    private func readNothing(_ code: CInt) -> Bool {
        if code == EINTR { return true }
        if code == EAGAIN, failure == nil {
            mayRead = false
        } else {
            end(failure ?? (code == 0 ? .closedByPeer : .failed(code)))
        }
        return false
    }

    // MARK: Writing

    /// Queues bytes.
    func write(_ bytes: ByteBuffer) {
        guard phase == .connected, failure == nil, !endsWriting else { return }
        queue.append(bytes)
        if isBelowMark, queue.bytes > highMark { setBelowMark(false) }
    }

    /// `write` and `flush` in one step: mostly nothing waits, the system takes everything, and nothing has to be queued.
    func send(_ bytes: ByteBuffer) {
        guard queue.isEmpty, mayWrite, phase == .connected, failure == nil, !endsWriting else {
            write(bytes)
            return flush()
        }
        let count = SystemSocket.write(descriptor, bytes)
        if count == bytes.readableBytes {
            owner?.socketSent()
            return
        }
        var rest = bytes
        rest.moveReaderIndex(forwardBy: max(0, count))
        // What has gone wrong goes wrong again, and is then dealt with.
        write(rest)
        flush()
    }

    func flush() {
        guard mayWrite, phase == .connected, failure == nil, !queue.isEmpty else { return }
        drain()
    }

    private func drain() {
        while !queue.isEmpty, mayWrite, failure == nil {
            let count = queue.send(to: descriptor)
            switch CInt(clamping: -count) {
            case EAGAIN: mayWrite = false
            case EINTR: continue
            case 1...: writeFailed(CInt(-count))
            default: break
            }
        }
        if endsWriting, queue.isEmpty, failure == nil { SystemSocket.endWriting(descriptor) }
        if !isBelowMark, queue.bytes < lowMark { setBelowMark(true) }
        if failure == nil { owner?.socketSent() }
    }

    private func setBelowMark(_ isBelow: Bool) {
        isBelowMark = isBelow
        tellsWritability = true
        ask()
    }

    /// What has come before is still read, and then told of first.
    private func writeFailed(_ code: CInt) {
        failure = .writeFailed(code)
        queue = WriteQueue()
        mayRead = true
        ask()
    }

    // MARK: Closing

    private func end(_ end: SocketEnd) {
        let owner = self.owner
        close()
        owner?.socketClosed(end)
    }

    /// Closes now; the owner hears nothing any more.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        if let token { loop.remove(token) }
        token = nil
        if descriptor >= 0 { SystemSocket.giveBack(descriptor) }
        descriptor = -1
        queue = WriteQueue()
        owner = nil
        places?.free()
        places = nil
        endAttempt(ChannelError.ioOnClosedChannel)
    }

    /// Closing it will reset the connection.
    func resetOnClose() {
        if descriptor >= 0 { SystemSocket.resetOnClose(descriptor) }
    }

    /// The peer is told that nothing comes any more, behind what is queued.
    func endWriting() {
        guard phase == .connected, !endsWriting else { return }
        endsWriting = true
        if queue.isEmpty { SystemSocket.endWriting(descriptor) } else { flush() }
    }
}
#endif

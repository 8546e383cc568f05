// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One HTTP/2 connection, be it to a client or to an upstream: frames in, frames out, streams between.

public import NIOCore
internal import UnderstudyCore

/// Loop-bound.
///
/// `+Frames` takes in what the peer sends, `+Headers` and `+Data` what belongs to streams, `+Output` sends,
/// `+Streams` opens and closes streams, `+Ending` has PING, GOAWAY and the ends.
public final class HTTP2Connection: TransportUser, Timed, TurnEnding {
    public enum Role: Sendable { case server, client }

    enum Phase {
        /// So many bytes of the client's preface have arrived.
        case preface(matched: Int)
        /// The first frame has to be SETTINGS.
        case settings
        case open
        /// GOAWAY was sent as the last thing; what still comes is thrown away.
        case lingering(queued: Int)
        case closed
    }

    public var deadlineSlot = -1

    public let role: Role
    public let transport: any Transport
    let loop: LoopContext
    public let settings: HTTP2Settings
    let bufferedBytes: Int
    public let counters: HTTP2Counters
    /// How long the peer may go on sending once this side has nothing more to say, and take nothing of what it is sent.
    let endTimes: HTTP2EndTimes
    public var user: (any HTTP2ConnectionUser)?
    var phase: Phase
    var isInTurn = false
    var timers = DeadlineSet<HTTP2Timer>()

    // What comes in:
    var decoder = FrameDecoder()
    var fieldDecoder: HPACKDecoder
    var block = HTTP2HeaderProgress()
    var receiveWindow: ReceiveWindow
    /// Bytes of bodies that users have taken but that are not given back, because they read no further.
    var withheldBytes = 0
    var budget: HTTP2Budget
    /// Streams that something arrived for in this turn.
    var touched: [HTTP2Stream] = []

    // What goes out:
    var outgoing = OutgoingBytes()
    var fieldEncoder = HPACKEncoder()
    var sendWindow = SendWindow()
    var peer = HTTP2PeerSettings()
    /// Those with a part of a body and a window for it.
    var waiting = CircularBuffer<HTTP2Stream>(initialCapacity: 2)
    var queuedBytes = 0
    var isFlushScheduled = false
    /// Streams that have been told to wait until others have drained.
    var awaitingDrain = 0
    /// Frames that were written while the socket took nothing.
    var blockedFrames = HTTP2BlockedFrames()
    /// Those were too many.
    var isOverrun = false
    /// Reading is stopped because the peer does not take what it has asked for.
    var isBlocked = false
    /// What waited in the socket when it was looked at last.
    var blockedQueue = 0

    // Streams:
    var streams = HTTP2StreamTable()
    var spares: [HTTP2Stream] = []
    var closedStreams = HTTP2ClosedStreams()
    /// The highest number that the peer has used.
    var lastPeerID: UInt32 = 0
    var nextID: UInt32 = 1
    /// Streams that were asked for and have sent no head yet.
    var reserved = 0
    var hasSettingsAck = false

    // The end:
    /// How it ended, once it has; streams are told after this is set.
    var ending: HTTP2ConnectionEnd?
    /// What the peer did, while it is still being told of it.
    var fault: HTTP2ConnectionEnd?
    var leaving = HTTP2Leaving()
    var isPingOut = false

    /// - Parameters:
    ///   - bufferedBytes: What may wait for a peer that does not read.
    ///   - endTimes: Only a server waits for its peer.
    public init(
        _ role: Role,
        transport: any Transport,
        loop: LoopContext,
        settings: HTTP2Settings,
        bufferedBytes: Int = ServerLimits().bufferedBytes,
        counters: HTTP2Counters,
        endTimes: HTTP2EndTimes = HTTP2EndTimes()
    ) {
        self.role = role
        self.transport = transport
        self.loop = loop
        self.settings = settings
        self.bufferedBytes = bufferedBytes
        self.counters = counters
        self.endTimes = endTimes
        phase = role == .server ? .preface(matched: 0) : .settings
        fieldDecoder = HPACKDecoder(tableBytes: settings.options.headerTableBytes)
        receiveWindow = ReceiveWindow(settings.options.connectionWindow, announced: SendWindow.initial)
        budget = HTTP2Budget(settings.options)
    }

    /// Says what it has to say first; it leaves once the socket is connected.
    ///
    /// `user` has to be set, and the transport attached.
    public func start() {
        writePreface()
        scheduleFlush()
        timers.set(.settings, after: Self.settingsTime)
        if let interval = settings.keepAlive?.interval { timers.set(.ping, after: jittered(interval)) }
        arm()
    }

    /// How long the peer may take to acknowledge the settings.
    static let settingsTime = TimeAmount.seconds(60)

    // MARK: The socket's events

    public func transportConnected() {
        user?.connectionReady()
        flush()
    }

    public func transportReceived(_ bytes: ByteBuffer) {
        guard isOpen else { return }
        isInTurn = true
        receive(bytes)
        isInTurn = false
        endTurn()
    }

    private func receive(_ bytes: ByteBuffer) {
        do throws(HTTP2ErrorCode) {
            guard let bytes = try afterPreface(bytes) else { return }
            decoder.feed(bytes)
            while isOpen, !isOverrun, let frame = try decoder.next() { try take(frame) }
        } catch {
            fail(error)
        }
    }

    private func endTurn() {
        // Users may end streams and open others meanwhile, but only what arrives touches them.
        var index = 0
        while index < touched.count {
            let stream = touched[index]
            stream.isTouched = false
            if stream.isOpen { stream.user?.streamTurnEnded() }
            index += 1
        }
        touched.removeAll(keepingCapacity: true)
        guard isOpen else { return }
        user?.turnEnded()
        scheduleFlush()
    }

    public func transportWritabilityChanged() {
        guard transport.isWritable else { return }
        blockedFrames = HTTP2BlockedFrames()
        flush()
    }

    public func transportClosed(_ reason: TransportEnd) {
        finish(.transport(reason))
    }

    var isOpen: Bool {
        switch phase {
        case .preface, .settings, .open: true
        case .lingering, .closed: false
        }
    }

    /// Part of a frame or of a header block has arrived, or the peer has not begun to speak HTTP/2 yet.
    public var isWithinHead: Bool {
        switch phase {
        case .preface, .settings: true
        case .open: block.isOpen || decoder.isWithinFrame
        case .lingering, .closed: false
        }
    }
}

/// How long a server waits for a peer at the end.
public struct HTTP2EndTimes: Sendable {
    /// For what the peer may still be sending.
    public var linger = TimeAmount.zero
    /// For the peer to take anything of what it is sent last.
    public var lastAnswer = TimeAmount.minutes(5)

    public init() {}
}

@available(*, unavailable)
extension HTTP2Connection: Sendable {}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One stream of an HTTP/2 connection, and what its user may do to it.

public import NIOCore
public import UnderstudyCore

/// Loop-bound, used again for later streams of the same connection.
///
/// What is sent is collected; it leaves at the end of the loop's turn after `flush`, or with what others send.
public final class HTTP2Stream {
    /// Zero until a client's head was sent.
    public internal(set) var id: UInt32 = 0
    /// Kept when the stream is used again.
    public var user: (any HTTP2StreamUser)?
    /// `nil` once the connection has ended.
    public internal(set) var connection: HTTP2Connection?

    /// The peer may still send on it.
    public internal(set) var isRemoteOpen = false
    /// END_STREAM has not been sent yet; it may be waiting behind a body.
    public internal(set) var isLocalOpen = false
    /// The user has said that nothing follows.
    private(set) var isEnding = false
    /// Whatever the peer still sends is of no use to anybody.
    private(set) var abandonsPeer = false
    private(set) var trailers: HeaderBlock?

    var sendWindow = SendWindow()
    var receiveWindow = ReceiveWindow(SendWindow.initial)
    private(set) var isReading = true
    /// What waits for a window, or for the socket.
    private(set) var queue = CircularBuffer<ByteBuffer>(initialCapacity: 2)
    public private(set) var queuedBytes = 0
    /// `streamDrained` is also called when nothing waits any more.
    public var tellsWhenEmpty = false
    /// It has been said that it is backed up.
    var isAwaitingDrain = false
    /// It stands in the connection's list of those that wait.
    var isListed = false
    /// Something arrived for it in this turn.
    var isTouched = false
    /// Where its last frame can still be changed.
    var lastFrame = HTTP2FramePlace.none
    var opened = NIODeadline.uptimeNanoseconds(0)

    /// Pieces up to this size are put together while they wait.
    private static let copyLimit = 4 * 1024
    private static let joinedSize = 16 * 1024

    init(_ connection: HTTP2Connection) {
        self.connection = connection
    }

    func open(_ id: UInt32, sendWindow: Int, receiveWindow: Int) {
        self.id = id
        isRemoteOpen = true
        isLocalOpen = true
        isEnding = false
        abandonsPeer = false
        isReading = true
        tellsWhenEmpty = false
        isAwaitingDrain = false
        lastFrame = .none
        self.sendWindow = SendWindow(sendWindow)
        self.receiveWindow = ReceiveWindow(receiveWindow)
    }

    /// A client's stream that was open without a number gets one.
    func assign(_ id: UInt32, sendWindow: Int) {
        self.id = id
        self.sendWindow = SendWindow(sendWindow)
    }

    public var isOpen: Bool { isRemoteOpen || isLocalOpen }

    // MARK: What the user may do

    /// Sends a head: the final one, or an interim one.
    ///
    /// - Parameter encode: Writes the header block, at once.
    public func sendHeaders(endsStream: Bool = false, _ encode: (inout HPACKEncoder, inout ByteBuffer) -> Void) {
        guard isLocalOpen, !isEnding, let connection else { return }
        connection.writeHeaders(self, endsStream: endsStream, encode)
        if endsStream { localEnded() }
    }

    /// Sends a part of a body, as far as windows and socket allow; the rest waits.
    ///
    /// Large pieces are not copied.
    public func sendData(_ piece: ByteBuffer) {
        guard isLocalOpen, !isEnding, piece.readableBytes > 0 else { return }
        connection?.send(piece, on: self)
    }

    /// Nothing follows what was sent, but trailers.
    ///
    /// - Parameter abandoningPeer: What the peer still sends is of no use: the stream is reset with NO_ERROR once
    ///   everything is out (RFC 9113 section 8.1).
    public func end(trailers: HeaderBlock? = nil, abandoningPeer: Bool = false) {
        guard isLocalOpen, !isEnding, let connection else { return }
        isEnding = true
        abandonsPeer = abandoningPeer
        self.trailers = trailers
        if queue.isEmpty { connection.finish(self) }
    }

    /// Ends the stream now; what waits is forgotten.
    ///
    /// The user hears nothing but `streamEnded`.
    ///
    /// - Parameter isFault: The peer has caused it by what it sent; too many of those end the connection.
    public func reset(_ code: HTTP2ErrorCode, isFault: Bool = false) {
        guard isOpen else { return }
        connection?.reset(self, code, isFault: isFault)
    }

    /// Has what was sent leave soon.
    public func flush() { connection?.scheduleFlush() }

    /// While reading is stopped, the peer's window is not opened again: no more than it holds still arrives.
    public func setReading(_ isReading: Bool) {
        guard isReading != self.isReading else { return }
        self.isReading = isReading
        if isOpen { connection?.readingChanged(self) }
    }

    /// More waits for the peer than is sensible; `streamDrained` follows once that is over.
    public var isBackedUp: Bool {
        guard let connection, isOpen else { return false }
        guard connection.isBackedUp(self) else { return false }
        connection.awaitDrain(self)
        return true
    }

    // MARK: For the connection

    /// The peer's END_STREAM was written, or is not needed any more.
    func localEnded() {
        isLocalOpen = false
        guard isRemoteOpen else { return connection?.close(self) ?? () }
        if abandonsPeer { reset(.noError) }
    }

    var hasTrailers: Bool { trailers != nil }

    func takeTrailers() -> HeaderBlock? {
        defer { trailers = nil }
        return trailers
    }

    func enqueue(_ piece: ByteBuffer) {
        queuedBytes += piece.readableBytes
        if piece.readableBytes <= Self.copyLimit, let last = queue.last, last.readableBytes < Self.joinedSize {
            var joined = queue.removeLast()
            joined.writeImmutableBuffer(piece)
            queue.append(joined)
            return
        }
        var piece = piece
        piece.shedSlack()
        queue.append(piece)
    }

    /// Takes the next piece out, of at most `count` bytes.
    func dequeue(_ count: Int) -> ByteBuffer? {
        guard var first = queue.popFirst() else { return nil }
        if first.readableBytes <= count {
            queuedBytes -= first.readableBytes
            return first
        }
        let piece = first.readSlice(length: count)
        queue.prepend(first)
        queuedBytes -= piece?.readableBytes ?? 0
        return piece
    }

    /// - Returns: How many bytes were forgotten.
    func forgetQueue() -> Int {
        defer { queuedBytes = 0 }
        queue.removeAll(keepingCapacity: true)
        trailers = nil
        return queuedBytes
    }
}

/// Where a frame stands that has not left yet.
struct HTTP2FramePlace: Equatable {
    static let none = HTTP2FramePlace(generation: 0, offset: 0)

    var generation: UInt32
    var offset: Int
}

@available(*, unavailable)
extension HTTP2Stream: Sendable {}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is sent: collected over a turn of the loop, heads and control frames first, bodies by turns.

internal import NIOCore
internal import UnderstudyCore

extension HTTP2Connection {
    /// Collected bytes beyond this go to the socket before more is added.
    private static let blockSize = 64 * 1024

    // MARK: Bounds

    /// Bytes of one stream that may wait.
    var streamLimit: Int { min(bufferedBytes, 256 * 1024) }

    /// Bytes of the connection that may wait.
    private var connectionLimit: Int { min(4 * bufferedBytes, 1024 * 1024) }

    /// Bytes that each stream may have waiting, whatever the others have: those of a peer that takes nothing of some
    /// streams do not hold up the others.
    private var streamShare: Int { min(streamLimit / 2, 16 * 1024) }

    /// Too much waits in all.
    private var isFull: Bool { queuedBytes + outgoing.count > connectionLimit }

    /// Too much waits for a stream, or for all of them, or the socket takes nothing.
    func isBackedUp(_ stream: HTTP2Stream) -> Bool {
        guard transport.isWritable else { return true }
        return stream.queuedBytes > streamLimit || isFull && stream.queuedBytes > streamShare
    }

    /// So little waits that more is welcome again.
    private func hasDrained(_ stream: HTTP2Stream) -> Bool {
        guard stream.queuedBytes <= streamLimit / 2 else { return false }
        return !isFull || stream.queuedBytes <= streamShare / 2
    }

    func awaitDrain(_ stream: HTTP2Stream) {
        guard !stream.isAwaitingDrain else { return }
        stream.isAwaitingDrain = true
        awaitingDrain += 1
    }

    func countQueued(_ change: Int) {
        queuedBytes += change
        counters.pendingBytes.add(change)
    }

    // MARK: Frames

    func writeHeaders(
        _ stream: HTTP2Stream,
        endsStream: Bool,
        _ encode: (inout HPACKEncoder, inout ByteBuffer) -> Void
    ) {
        guard isOpen else { return }
        if stream.id == 0 { assignID(stream) }
        let id = stream.id
        let generation = outgoing.generation
        outgoing.append(loop) { buffer in
            let start = buffer.writerIndex
            stream.lastFrame = HTTP2FramePlace(generation: generation, offset: start)
            buffer.writeRepeatingByte(0, count: FrameHeader.size)
            encode(&fieldEncoder, &buffer)
            Self.writeBlockHeads(&buffer, from: start, id, endsStream: endsStream)
        }
        countFrame(isControl: false)
    }

    /// Puts the heads of frames before and into a header block that stands at the end of the buffer.
    private static func writeBlockHeads(_ buffer: inout ByteBuffer, from start: Int, _ id: UInt32, endsStream: Bool) {
        let length = buffer.writerIndex - start - FrameHeader.size
        let largest = HTTP2PeerSettings.largestFrame
        var flags: FrameHeader.Flags = endsStream ? .endStream : []
        if length <= largest { flags.insert(.endHeaders) }
        FrameHeader(length: min(length, largest), kind: .headers, flags: flags, streamID: id)
            .overwrite(&buffer, at: start)
        guard length > largest else { return }
        let position = start + FrameHeader.size + largest
        var rest = buffer.getSlice(at: position, length: length - largest) ?? ByteBuffer()
        buffer.moveWriterIndex(to: position)
        while let piece = rest.readSlice(length: min(largest, rest.readableBytes)), piece.readableBytes > 0 {
            let flags: FrameHeader.Flags = rest.readableBytes == 0 ? .endHeaders : []
            FrameHeader(length: piece.readableBytes, kind: .continuation, flags: flags, streamID: id)
                .write(to: &buffer)
            buffer.writeImmutableBuffer(piece)
        }
    }

    private func writeData(_ piece: ByteBuffer, endsStream: Bool, on stream: HTTP2Stream) {
        let count = piece.readableBytes
        let header = FrameHeader(
            length: count,
            kind: .data,
            flags: endsStream ? .endStream : [],
            streamID: stream.id
        )
        let generation = outgoing.generation
        outgoing.append(loop) { buffer in
            stream.lastFrame = HTTP2FramePlace(generation: generation, offset: buffer.writerIndex)
            header.write(to: &buffer)
        }
        if count > 0 { outgoing.append(loop, piece, to: transport) }
        stream.sendWindow.use(count)
        sendWindow.use(count)
        budget.dataFrameSent()
        countFrame(isControl: false)
    }

    func writeReset(_ id: UInt32, _ code: HTTP2ErrorCode) {
        guard isOpen else { return }
        counters.sentResets.add()
        let header = FrameHeader(length: 4, kind: .resetStream, streamID: id)
        outgoing.append(loop) { buffer in
            header.write(to: &buffer)
            buffer.writeInteger(code.rawValue)
        }
        countFrame(isControl: true)
    }

    func writeWindowUpdate(_ id: UInt32, _ increment: UInt32) {
        guard isOpen else { return }
        let header = FrameHeader(length: 4, kind: .windowUpdate, streamID: id)
        outgoing.append(loop) { buffer in
            header.write(to: &buffer)
            buffer.writeInteger(increment)
        }
        countFrame(isControl: false)
    }

    /// - Parameter payload: A few bytes.
    func writeControl(_ kind: FrameHeader.Kind, flags: FrameHeader.Flags = [], payload: ByteBuffer = ByteBuffer()) {
        guard isOpen else { return }
        let header = FrameHeader(length: payload.readableBytes, kind: kind, flags: flags, streamID: 0)
        outgoing.append(loop) { buffer in
            header.write(to: &buffer)
            buffer.writeImmutableBuffer(payload)
        }
        countFrame(isControl: true)
    }

    /// Frames that the peer has us write while it does not read are bounded.
    private func countFrame(isControl: Bool) {
        guard !isOverrun, !transport.isWritable, transport.isConnected else { return }
        switch blockedFrames.count(isControl: isControl, settings.options) {
        case .control?: counters.outboundControlFloods.add()
        case .any?: counters.outboundFloods.add()
        case nil: return
        }
        // Not from within a call of a stream's user, who would hear of it in the midst of it.
        isOverrun = true
        scheduleFlush()
    }

    // MARK: Bodies

    func send(_ piece: ByteBuffer, on stream: HTTP2Stream) {
        guard isOpen else { return }
        var rest = piece
        if stream.queue.isEmpty, transport.isWritable {
            while let frame = nextFrame(of: &rest, on: stream) {
                writeData(frame, endsStream: false, on: stream)
                relieve()
            }
        }
        guard rest.readableBytes > 0, stream.isOpen else { return }
        countQueued(rest.readableBytes)
        stream.enqueue(rest)
        enlist(stream)
    }

    /// As much as windows allow and one frame may have.
    private func nextFrame(of rest: inout ByteBuffer, on stream: HTTP2Stream) -> ByteBuffer? {
        let allowed = min(stream.sendWindow.available, sendWindow.available, HTTP2PeerSettings.largestFrame)
        guard allowed > 0, rest.readableBytes > 0 else { return nil }
        return rest.readSlice(length: min(allowed, rest.readableBytes))
    }

    /// Nothing follows what is sent already.
    func finish(_ stream: HTTP2Stream) {
        if let trailers = stream.takeTrailers() {
            writeHeaders(stream, endsStream: true) { $0.encodeTrailers(trailers, into: &$1) }
        } else if stream.lastFrame.generation == outgoing.generation {
            // The last frame has not left yet: no other is needed to say it.
            let place = stream.lastFrame.offset + FrameHeader.flagsOffset
            outgoing.change { buffer in
                let flags: UInt8 = buffer.getInteger(at: place) ?? 0
                buffer.setInteger(flags | FrameHeader.Flags.endStream.rawValue, at: place)
            }
        } else {
            writeData(ByteBuffer(), endsStream: true, on: stream)
        }
        stream.localEnded()
    }

    /// Puts a stream among those that wait, if it has something to send and a window for it.
    func enlist(_ stream: HTTP2Stream) {
        guard !stream.isListed, !stream.queue.isEmpty, stream.sendWindow.available > 0 else { return }
        stream.isListed = true
        waiting.append(stream)
    }

    /// Lets every stream that waits send a frame in its turn, as long as windows and the socket allow.
    private func pump() {
        while sendWindow.available > 0, !waiting.isEmpty, transport.isWritable, let stream = waiting.popFirst() {
            stream.isListed = false
            sendNext(stream)
            relieve()
            enlist(stream)
        }
    }

    private func sendNext(_ stream: HTTP2Stream) {
        let allowed = min(stream.sendWindow.available, sendWindow.available, HTTP2PeerSettings.largestFrame)
        guard allowed > 0, let piece = stream.dequeue(allowed) else { return }
        countQueued(-piece.readableBytes)
        if stream.tellsWhenEmpty, stream.queue.isEmpty { awaitDrain(stream) }
        let isLast = stream.isEnding && stream.queue.isEmpty
        let endsStream = isLast && !stream.hasTrailers
        writeData(piece, endsStream: endsStream, on: stream)
        guard isLast, stream.isOpen else { return }
        if endsStream { stream.localEnded() } else { finish(stream) }
    }

    private func relieve() {
        if outgoing.count > Self.blockSize { outgoing.flush(loop, to: transport) }
    }

    // MARK: Leaving

    /// Has everything leave at the end of the loop's turn, together with what others add until then.
    public func scheduleFlush() {
        guard !isFlushScheduled, phaseIsAlive else { return }
        isFlushScheduled = true
        loop.turns.add(self)
    }

    func loopTurnEnded() {
        isFlushScheduled = false
        flush()
    }

    func flush() {
        guard isOpen else { return }
        // The peer would not read a GOAWAY.
        if isOverrun { return abandon(.fault(.enhanceYourCalm)) }
        pump()
        outgoing.flush(loop, to: transport)
        applyReading()
        if awaitingDrain > 0 { tellDrained() }
    }

    private func tellDrained() {
        guard transport.isWritable else { return }
        for stream in streams.all where stream.isAwaitingDrain && hasDrained(stream) {
            // One user may end the connection, or the stream of another.
            guard stream.isAwaitingDrain, isOpen else { continue }
            stream.isAwaitingDrain = false
            awaitingDrain -= 1
            stream.user?.streamDrained()
        }
    }

    /// Whoever does not take heads and control frames is not read, either: it would only ask for more.
    func applyReading() {
        let isBlocked =
            !transport.isWritable && transport.isConnected && outgoing.count + transport.queuedBytes > connectionLimit
        guard isBlocked != self.isBlocked else { return }
        self.isBlocked = isBlocked
        transport.setReading(!isBlocked)
        if isBlocked {
            blockedQueue = transport.queuedBytes
            timers.set(.blocked, after: endTimes.lastAnswer)
        } else {
            timers.clear(.blocked)
        }
        arm()
        // Last, for it may end the connection.
        if !isBlocked { user?.peerReadsAgain() }
    }

    /// A peer that has taken nothing for a whole `lastAnswer` is given up.
    func checkBlocked() {
        let queued = transport.queuedBytes
        guard queued != blockedQueue else {
            counters.flushTimeouts.add()
            return abandon(.unresponsive)
        }
        blockedQueue = queued
        timers.set(.blocked, after: endTimes.lastAnswer)
    }
}

/// How many frames the peer has caused while it took none.
struct HTTP2BlockedFrames {
    enum Excess { case control, any }

    private var control = 0
    private var all = 0

    mutating func count(isControl: Bool, _ options: HTTP2Options) -> Excess? {
        all += 1
        if isControl { control += 1 }
        if control > options.outboundControlFrames { return .control }
        return all > options.outboundFrames ? .any : nil
    }
}

extension FrameHeader {
    static let flagsOffset = 4
}

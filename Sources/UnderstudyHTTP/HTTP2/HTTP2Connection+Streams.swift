// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How streams begin and end.

internal import NIOCore
internal import UnderstudyCore

extension HTTP2Connection {
    private static let mostSpares = 32

    // MARK: Client

    /// A stream for a request of this side's; `nil` if there can be none now.
    public func openStream(_ user: any HTTP2StreamUser) -> HTTP2Stream? {
        guard canOpenStream else { return nil }
        let stream = makeStream()
        stream.user = user
        reserved += 1
        stream.open(0, sendWindow: peer.initialWindow, receiveWindow: settings.options.streamWindow)
        return stream
    }

    /// The connection takes another stream now.
    public var canOpenStream: Bool {
        role == .client && isOpen && !leaving.isLeaving && openStreams < openLimit && nextID < Self.lastID
    }

    /// Streams that are open, or were asked for.
    public var openStreams: Int { streams.count + reserved }

    /// How many streams the peer and the configuration allow at a time.
    public var openLimit: Int {
        min(settings.options.concurrentStreams, peer.concurrentStreams.map { Int($0) } ?? .max)
    }

    /// The number is only known once the head is sent: heads have to leave in its order.
    private static let lastID: UInt32 = 0x7FFF_FFFF

    func assignID(_ stream: HTTP2Stream) {
        reserved -= 1
        budget.streamOpened()
        // What its user has said meanwhile stays; what was known of windows may have changed.
        stream.assign(nextID, sendWindow: peer.initialWindow)
        nextID += 2
        enter(stream)
    }

    // MARK: Both

    func makeStream() -> HTTP2Stream { spares.popLast() ?? HTTP2Stream(self) }

    func register(_ stream: HTTP2Stream, _ id: UInt32) {
        stream.open(id, sendWindow: peer.initialWindow, receiveWindow: settings.options.streamWindow)
        enter(stream)
    }

    private func enter(_ stream: HTTP2Stream) {
        streams.insert(stream)
        counters.activeStreams.add(1)
    }

    /// Closes the stream if both sides are done with it.
    func settle(_ stream: HTTP2Stream) {
        guard stream.id != 0, !stream.isOpen, streams[stream.id] === stream else { return }
        close(stream)
    }

    /// Both directions are over.
    func close(_ stream: HTTP2Stream) {
        release(stream)
        stream.user?.streamEnded()
        user?.streamEnded()
        retire(stream)
        endIfLeft()
    }

    /// Takes the stream out of all books.
    private func release(_ stream: HTTP2Stream) {
        stream.isLocalOpen = false
        stream.isRemoteOpen = false
        releaseWithheld(stream)
        let forgotten = stream.forgetQueue()
        if forgotten > 0 { countQueued(-forgotten) }
        if stream.isAwaitingDrain {
            stream.isAwaitingDrain = false
            awaitingDrain -= 1
        }
        if stream.id == 0 {
            reserved -= 1
        } else {
            streams.remove(stream.id)
            counters.activeStreams.add(-1)
        }
    }

    private func retire(_ stream: HTTP2Stream) {
        guard isOpen, spares.count < Self.mostSpares else { return forget(stream) }
        spares.append(stream)
    }

    /// The stream is not used again.
    func forget(_ stream: HTTP2Stream) {
        stream.connection = nil
        // Which may hold the stream in turn.
        stream.user = nil
    }

    /// The stream's user wants it to end.
    func reset(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode, isFault: Bool) {
        if stream.id != 0 {
            writeReset(stream.id, code)
            if stream.isRemoteOpen { closedStreams.noteReset(stream.id, byPeer: false) }
        }
        close(stream)
        scheduleFlush()
        if isFault, let flood = budget.endedEarly() { fail(count(flood)) }
    }

    /// The stream ends without its user's doing.
    func end(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode, byPeer: Bool) {
        // From here on the user can do nothing to it.
        release(stream)
        stream.user?.streamReset(code, byPeer: byPeer)
        stream.user?.streamEnded()
        user?.streamEnded()
        retire(stream)
        endIfLeft()
    }
}

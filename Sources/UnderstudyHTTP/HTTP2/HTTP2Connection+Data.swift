// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bodies that come in, and the windows that bound them (RFC 9113 sections 5.2 and 6.9).

internal import NIOCore
internal import UnderstudyCore

extension HTTP2Connection {
    func takeData(_ frame: Frame) throws(HTTP2ErrorCode) {
        try countContent(frame)
        guard receiveWindow.take(frame.flowControlled) else { throw .flowControlError }
        let id = frame.header.streamID
        guard let stream = streams[id] else {
            guard !isIdle(id) else { throw .protocolError }
            if frame.isFirst { try takeLate(id) }
            return giveBack()
        }
        guard stream.isRemoteOpen else {
            try streamFault(id, .streamClosed)
            return giveBack()
        }
        guard stream.receiveWindow.take(frame.flowControlled) else {
            try streamFault(id, .flowControlError)
            return giveBack()
        }
        if !stream.isReading { withheldBytes += frame.flowControlled }
        touch(stream)
        let endsStream = frame.endsStream
        if endsStream { stream.isRemoteOpen = false }
        if frame.payload.readableBytes > 0 || endsStream {
            stream.user?.streamData(frame.payload, endsStream: endsStream)
        }
        settle(stream)
        if stream.id == id { giveBack(stream) }
        giveBack()
    }

    /// Opens the stream's window again, as far as it is read.
    private func giveBack(_ stream: HTTP2Stream) {
        guard stream.isReading, stream.isRemoteOpen else { return }
        if let increment = stream.receiveWindow.giveBack() { writeWindowUpdate(stream.id, increment) }
    }

    /// Opens the connection's window again.
    ///
    /// A stream that nobody reads does not hold others up, unless there are so many of them that what they hold counts.
    private func giveBack() {
        guard isOpen, !isHoldingBack else { return }
        if let increment = receiveWindow.giveBack() { writeWindowUpdate(0, increment) }
    }

    private static let withheldWindows = 4

    /// Streams that nobody reads hold so much that the connection's window stays shut, for others, too.
    public var isHoldingBack: Bool {
        withheldBytes > Self.withheldWindows * settings.options.connectionWindow
    }

    func readingChanged(_ stream: HTTP2Stream) {
        let wasHoldingBack = isHoldingBack
        let owed = stream.receiveWindow.owed
        withheldBytes += stream.isReading ? -owed : owed
        guard stream.isReading else { return }
        giveBack(stream)
        giveBack()
        scheduleFlush()
        if wasHoldingBack, !isHoldingBack { user?.peerReadsAgain() }
    }

    /// A stream that ends takes nothing with it that others need.
    func releaseWithheld(_ stream: HTTP2Stream) {
        guard !stream.isReading else { return }
        withheldBytes -= stream.receiveWindow.owed
        giveBack()
    }

    func touch(_ stream: HTTP2Stream) {
        guard !stream.isTouched else { return }
        stream.isTouched = true
        touched.append(stream)
    }
}

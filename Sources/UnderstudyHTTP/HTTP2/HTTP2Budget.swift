// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much of what costs a peer nothing a connection puts up with.

internal import NIOCore
internal import UnderstudyCore

/// Counts frames that make work without carrying anything; each call says whether that was one too many.
///
/// - Source: Envoy `Http2ProtocolOptions` and its `overload.premature_reset_` runtime values, whose 500 streams are
///   100 here.
struct HTTP2Budget {
    enum Flood { case emptyFrames, priority, windowUpdates, resets, questions }

    /// So many streams may end early whatever the others do.
    private static let resets = 100
    private static let windowUpdates = 5
    /// Frames that have to be answered, each second; on top of those that may wait for a peer that does not read, and of
    /// one for each frame that carries something: gRPC measures the bandwidth with a PING for each round trip of DATA.
    private static let questionsPerSecond = 50

    private let options: HTTP2Options
    private var emptyInRow = 0
    private var priorities = 0
    private var updates = 0
    private var dataFramesSent = 0
    private var contentFrames = 0
    private var streams = 0
    private var earlyEnds = 0
    private var questions = 0
    private let start = NIODeadline.now()

    init(_ options: HTTP2Options) {
        self.options = options
    }

    mutating func streamOpened() { streams += 1 }
    mutating func dataFrameSent() { dataFramesSent += 1 }

    /// A DATA, HEADERS or CONTINUATION frame.
    mutating func contentFrame(isEmpty: Bool) -> Flood? {
        guard isEmpty else {
            emptyInRow = 0
            contentFrames += 1
            return nil
        }
        emptyInRow += 1
        return emptyInRow > options.consecutiveEmptyFrames ? .emptyFrames : nil
    }

    mutating func priorityFrame() -> Flood? {
        priorities += 1
        return priorities > limit(options.priorityFramesPerStream, times: 1 + streams) ? .priority : nil
    }

    mutating func windowUpdate() -> Flood? {
        updates += 1
        let perData = limit(options.windowUpdatesPerDataFrame, times: dataFramesSent)
        return updates > Self.windowUpdates + 2 * (streams + perData) ? .windowUpdates : nil
    }

    /// A SETTINGS or PING frame that has to be answered, be it that the system takes the answers of a peer that does not
    /// read.
    mutating func question() -> Flood? {
        questions += 1
        guard questions > options.outboundControlFrames else { return nil }
        let seconds = (NIODeadline.now() - start).nanoseconds / 1_000_000_000
        let allowed = Int(seconds) * Self.questionsPerSecond + contentFrames + dataFramesSent
        return questions - options.outboundControlFrames > allowed ? .questions : nil
    }

    /// A frame that neither carries nor asks anything: unknown, an acknowledgement, of a stream that is over, or a farewell.
    ///
    /// Nothing has to be answered, but each has to be looked at, and clients wait meanwhile.
    mutating func babble() -> Flood? { question() }

    /// A stream ended before it could be of use: the peer has reset it at once, or has made us reset it.
    mutating func endedEarly() -> Flood? {
        earlyEnds += 1
        return earlyEnds > Self.resets && earlyEnds > streams / 2 ? .resets : nil
    }

    /// Safe: what is configured is below 2^32, and no connection carries 2^30 streams or frames.
    private func limit(_ perItem: Int, times count: Int) -> Int { perItem &* count }
}

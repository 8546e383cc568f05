// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The body of one message, piece by piece, as slices of the buffers it arrived in.

internal import NIOCore
internal import UnderstudyCore

/// Takes a body out of received bytes, however it is framed.
///
/// Pieces share memory with what was received.
struct BodyDecoder {
    enum Event {
        case piece(ByteBuffer)
        /// A part of the trailer section, only if it was asked for.
        case trailers(ByteBuffer)
        case needMore
        case end
    }

    private enum Mode {
        case length(remaining: Int)
        case chunked(ChunkDecoder)
        case untilClose
    }

    private var mode: Mode

    init(_ framing: BodyFraming, limits: MessageLimits = MessageLimits(), reportsTrailers: Bool = false) {
        mode =
            switch framing {
            case .none: .length(remaining: 0)
            case .length(let count): .length(remaining: count)
            case .chunked: .chunked(ChunkDecoder(limits: limits, reportsTrailers: reportsTrailers))
            case .untilClose: .untilClose
            }
    }

    /// The body's end is the end of the connection, so that end is no failure.
    var endsWithConnection: Bool {
        if case .untilClose = mode { return true }
        return false
    }

    mutating func next(_ buffer: inout ByteBuffer) throws(MessageFault) -> Event {
        switch mode {
        case .length(let remaining):
            guard remaining > 0 else { return .end }
            guard let piece = buffer.readSlice(length: min(remaining, buffer.readableBytes)), piece.readableBytes > 0
            else { return .needMore }
            mode = .length(remaining: remaining - piece.readableBytes)
            return .piece(piece)
        case .untilClose:
            guard let piece = buffer.readSlice(length: buffer.readableBytes), piece.readableBytes > 0 else {
                return .needMore
            }
            return .piece(piece)
        case .chunked(var decoder):
            defer { mode = .chunked(decoder) }
            let step = try decoder.next(buffer.readableBytesUInt8Span, from: 0)
            switch step {
            case .needMore:
                buffer.moveReaderIndex(to: buffer.writerIndex)
                return .needMore
            case .trailers(let range):
                buffer.moveReaderIndex(forwardBy: range.lowerBound)
                return buffer.readSlice(length: range.count).map { .trailers($0) } ?? .needMore
            case .end(let offset):
                buffer.moveReaderIndex(forwardBy: offset)
                return .end
            case .data(let range):
                buffer.moveReaderIndex(forwardBy: range.lowerBound)
                // The decoder's ranges lie inside the bytes it was given.
                return buffer.readSlice(length: range.count).map { .piece($0) } ?? .needMore
            }
        }
    }
}

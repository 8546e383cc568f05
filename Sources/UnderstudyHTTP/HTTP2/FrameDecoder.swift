// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Received bytes to frames, without copying what a frame carries.

public import NIOCore

/// One frame, or a piece of a DATA frame.
public struct Frame: Sendable {
    public var header: FrameHeader
    /// Without padding and, for HEADERS, without priority; of an unknown kind nothing.
    public var payload = ByteBuffer()
    /// DATA: bytes that this piece takes from the windows, padding included.
    public var flowControlled = 0
    /// DATA: no piece of the same frame came before.
    public var isFirst = true
    /// DATA: the frame is complete.
    public var isLast = true
    /// PRIORITY, and HEADERS that has it: the stream that this one depends on.
    public var dependency: UInt32?

    init(_ header: FrameHeader) {
        self.header = header
    }

    /// The peer sends nothing more on this stream; of HEADERS and DATA only.
    public var endsStream: Bool { isLast && header.flags.contains(.endStream) }
}

/// Splits bytes into frames: DATA piece by piece as it arrives, every other frame whole.
///
/// Checks what can be said of a frame without knowing its stream: lengths, padding, and whether there is to be a stream.
public struct FrameDecoder: Sendable {
    /// Bytes of the largest payload that was allowed with SETTINGS_MAX_FRAME_SIZE.
    public static let largestPayload = 16384

    private var input = ByteBuffer()
    /// The beginning of a header, or of a payload that has to be whole.
    private var stash = ByteBuffer()
    /// The frame of which something is still to come.
    private var current: FrameHeader?
    private var piece = Piece()

    /// How far the payload of a DATA frame, or of one to be ignored, has been read.
    private struct Piece: Sendable {
        /// Bytes that are to come, padding included.
        var left = 0
        var padding = 0
        var awaitsPadding = false
        var isFirst = true
        /// Bytes that were read and belong to no piece yet.
        var untold = 0
    }

    public init() {}

    /// Of a frame that has to be whole, or of its header, something is still to come.
    public var isWithinFrame: Bool { stash.readableBytes > 0 || current?.kind.map { $0 != .data } ?? false }

    /// Hands received bytes over; `next` has to be called until it returns `nil`.
    public mutating func feed(_ bytes: ByteBuffer) {
        guard input.readableBytes > 0 else {
            input = bytes
            return
        }
        var bytes = bytes
        input.writeBuffer(&bytes)
    }

    /// The next frame, or `nil` if more bytes are needed; then no memory is kept that holds none.
    ///
    /// A frame of an unknown kind is told as soon as its header is there.
    ///
    /// - Throws: What the connection ends with.
    public mutating func next() throws(HTTP2ErrorCode) -> Frame? {
        guard let frame = try decode() else {
            // The loop's sockets share what they read into, and an idle connection is not to hold on to it.
            if input.readableBytes == 0 { input = ByteBuffer() }
            return nil
        }
        return frame
    }

    private mutating func decode() throws(HTTP2ErrorCode) -> Frame? {
        while true {
            guard let header = current else {
                guard let header = readHeader() else { return nil }
                try Self.check(header)
                begin(header)
                if header.kind == nil { return Frame(header) }
                continue
            }
            switch header.kind {
            case .data: return try nextPiece(header)
            case nil:
                guard skipPayload() else { return nil }
            default:
                guard let payload = takePayload(header.length) else { return nil }
                current = nil
                return try Self.frame(header, payload)
            }
        }
    }

    private mutating func begin(_ header: FrameHeader) {
        current = header
        piece = Piece()
        piece.left = header.length
        piece.awaitsPadding = header.kind == .data && header.flags.contains(.padded)
    }

    private mutating func readHeader() -> FrameHeader? {
        if stash.readableBytes == 0, input.readableBytes >= FrameHeader.size {
            let header = FrameHeader.decode(input.readableBytesUInt8Span, at: 0)
            input.moveReaderIndex(forwardBy: FrameHeader.size)
            return header
        }
        guard fillStash(FrameHeader.size) else { return nil }
        let header = FrameHeader.decode(stash.readableBytesUInt8Span, at: 0)
        stash.clear()
        return header
    }

    private mutating func takePayload(_ length: Int) -> ByteBuffer? {
        if stash.readableBytes == 0, let payload = input.readSlice(length: length) { return payload }
        guard fillStash(length) else { return nil }
        var payload = ByteBuffer()
        swap(&payload, &stash)
        return payload
    }

    /// - Returns: Whether the stash holds so many bytes now.
    private mutating func fillStash(_ length: Int) -> Bool {
        let missing = length - stash.readableBytes
        guard var bytes = input.readSlice(length: min(missing, input.readableBytes)) else { return false }
        stash.writeBuffer(&bytes)
        return stash.readableBytes == length
    }

    private mutating func nextPiece(_ header: FrameHeader) throws(HTTP2ErrorCode) -> Frame? {
        if piece.awaitsPadding {
            guard let padding: UInt8 = input.readInteger() else { return nil }
            piece.awaitsPadding = false
            piece.left -= 1
            piece.untold = 1
            piece.padding = Int(padding)
            // RFC 9113 section 6.1.
            guard piece.padding <= piece.left else { throw .protocolError }
        }
        let length = min(piece.left - piece.padding, input.readableBytes)
        var frame = Frame(header)
        if length > 0, let bytes = input.readSlice(length: length) { frame.payload = bytes }
        piece.left -= length
        if piece.left == piece.padding {
            let skipped = min(piece.padding, input.readableBytes)
            input.moveReaderIndex(forwardBy: skipped)
            piece.left -= skipped
            piece.padding -= skipped
            piece.untold += skipped
        }
        frame.isLast = piece.left == 0
        // Nothing but padding: it is told with the last piece.
        guard length > 0 || frame.isLast else { return nil }
        frame.isFirst = piece.isFirst
        frame.flowControlled = length + piece.untold
        piece.isFirst = false
        piece.untold = 0
        if frame.isLast { current = nil }
        return frame
    }

    /// - Returns: Whether all of it is gone.
    private mutating func skipPayload() -> Bool {
        let skipped = min(piece.left, input.readableBytes)
        input.moveReaderIndex(forwardBy: skipped)
        piece.left -= skipped
        guard piece.left == 0 else { return false }
        current = nil
        return true
    }
}

extension FrameDecoder {
    /// What a header alone shows to be wrong.
    ///
    /// - Source: RFC 9113 sections 4.2 and 6. A wrong length of PRIORITY may end its stream only; whoever sends one is
    ///   not to be trusted with the others.
    private static func check(_ header: FrameHeader) throws(HTTP2ErrorCode) {
        guard header.length <= largestPayload else { throw .frameSizeError }
        guard let kind = header.kind else { return }
        switch kind {
        case .data, .headers, .priority, .resetStream, .pushPromise, .continuation:
            guard header.streamID != 0 else { throw .protocolError }
        case .settings, .ping, .goAway:
            guard header.streamID == 0 else { throw .protocolError }
        case .windowUpdate: break
        }
        guard isPossible(header.length, kind, header.flags) else { throw .frameSizeError }
    }

    private static func isPossible(_ length: Int, _ kind: FrameHeader.Kind, _ flags: FrameHeader.Flags) -> Bool {
        switch kind {
        case .data: length >= (flags.contains(.padded) ? 1 : 0)
        case .headers: length >= (flags.contains(.padded) ? 1 : 0) + (flags.contains(.priority) ? 5 : 0)
        case .priority: length == 5
        case .resetStream, .windowUpdate: length == 4
        case .settings: flags.contains(.acknowledgement) ? length == 0 : length % 6 == 0
        case .pushPromise: length >= 4
        case .ping: length == 8
        case .goAway: length >= 8
        case .continuation: true
        }
    }

    /// A whole frame, of which HEADERS loses what surrounds its block.
    private static func frame(_ header: FrameHeader, _ payload: ByteBuffer) throws(HTTP2ErrorCode) -> Frame {
        var frame = Frame(header)
        frame.payload = payload
        switch header.kind {
        case .priority: frame.dependency = payload.getInteger(at: payload.readerIndex).map(streamID)
        case .headers:
            let padding: UInt8? = header.flags.contains(.padded) ? frame.payload.readInteger() : nil
            if header.flags.contains(.priority) {
                frame.dependency = frame.payload.readInteger().map(streamID)
                frame.payload.moveReaderIndex(forwardBy: 1)
            }
            guard let padding else { break }
            // RFC 9113 section 6.2.
            guard Int(padding) <= frame.payload.readableBytes else { throw .protocolError }
            frame.payload.moveWriterIndex(to: frame.payload.writerIndex - Int(padding))
        default: break
        }
        return frame
    }

    /// Without the bit that says that the dependency is exclusive.
    private static func streamID(_ word: UInt32) -> UInt32 { word & 0x7FFF_FFFF }
}

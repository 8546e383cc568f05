// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Collects what one turn of the loop has to say, so that a head and a small body leave in one write.

public import NIOCore
internal import UnderstudyCore

/// Bytes on their way to one transport.
///
/// Small pieces are copied behind each other. A large piece is passed on as the very buffer it was received in,
/// unless the transport is blocked: a blocked transport would keep that whole buffer alive for the sake of a slice.
public struct OutgoingBytes {
    /// Pieces up to this size are copied: cheaper than another entry in the write.
    private static let copyLimit = 4 * 1024
    /// A blocked transport gets bytes in blocks of at least this size.
    private static let blockSize = 32 * 1024

    private var pending: ByteBuffer?
    /// Something was written to the transport since the last flush.
    private var hasQueued = false
    /// How often collected bytes were handed over; what was appended since the last time may still be changed.
    private(set) var generation: UInt32 = 1

    public init() {}

    /// Nothing has come since the last flush.
    var isEmpty: Bool { !hasQueued && count == 0 }

    public var count: Int { pending?.readableBytes ?? 0 }

    /// Lets `body` write at the end.
    public mutating func append(_ loop: LoopContext, _ body: (inout ByteBuffer) -> Void) {
        var buffer = take(loop)
        body(&buffer)
        pending = buffer
    }

    public mutating func append(_ loop: LoopContext, _ piece: ByteBuffer, to transport: any Transport) {
        if piece.readableBytes <= Self.copyLimit || !transport.isWritable {
            append(loop) { $0.writeImmutableBuffer(piece) }
            return
        }
        if let buffer = pending, buffer.readableBytes > 0 {
            handOver(buffer, loop, to: transport)
        }
        transport.write(piece)
        hasQueued = true
    }

    /// Changes what is collected.
    mutating func change(_ body: (inout ByteBuffer) -> Void) {
        guard var buffer = pending else { return }
        pending = nil
        body(&buffer)
        pending = buffer
    }

    private mutating func handOver(
        _ buffer: ByteBuffer,
        _ loop: LoopContext,
        to transport: any Transport,
        flushing: Bool = false
    ) {
        pending = nil
        generation &+= 1
        if flushing { transport.send(buffer) } else { transport.write(buffer) }
        loop.recycle(buffer)
    }

    /// Adds a piece as one chunk (RFC 9112 section 7.1).
    public mutating func appendChunk(_ loop: LoopContext, _ piece: ByteBuffer, to transport: any Transport) {
        append(loop) { HeadEncoder.writeChunkHead(piece.readableBytes, to: &$0) }
        append(loop, piece, to: transport)
        append(loop) { $0.writeStaticString("\r\n") }
    }

    /// Hands everything to the transport, or keeps it together while the transport is blocked.
    public mutating func flush(_ loop: LoopContext, to transport: any Transport) {
        if let buffer = pending, buffer.readableBytes > 0,
            transport.isWritable || buffer.readableBytes >= Self.blockSize && transport.isConnected
        {
            handOver(buffer, loop, to: transport, flushing: true)
            hasQueued = false
        } else if hasQueued {
            transport.flush()
            hasQueued = false
        }
    }

    /// Hands everything to the transport even if it is blocked, because nothing will be added any more.
    public mutating func flushAll(_ loop: LoopContext, to transport: any Transport) {
        if let buffer = pending, buffer.readableBytes > 0 {
            handOver(buffer, loop, to: transport)
        }
        pending = nil
        hasQueued = false
        transport.flush()
    }

    /// Forgets what has not been handed over.
    public mutating func removeAll(_ loop: LoopContext) {
        if let buffer = pending { loop.recycle(buffer) }
        pending = nil
    }

    private mutating func take(_ loop: LoopContext) -> ByteBuffer {
        guard let buffer = pending else { return loop.takeBuffer() }
        // The only reference must be the caller's, or writing to it would copy it.
        pending = nil
        return buffer
    }
}

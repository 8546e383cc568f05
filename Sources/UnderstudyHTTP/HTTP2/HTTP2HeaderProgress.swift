// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A header block between its HEADERS frame and its last CONTINUATION (RFC 9113 section 4.3).

internal import NIOCore

struct HTTP2HeaderProgress {
    /// Zero while no block is open.
    private(set) var streamID: UInt32 = 0
    private(set) var endsStream = false
    /// What is wrong with the stream, though the block must be decoded all the same.
    private(set) var fault: HTTP2ErrorCode?
    private var bytes = ByteBuffer()
    private var frames = 0

    var isOpen: Bool { streamID != 0 }

    mutating func begin(_ frame: Frame, fault: HTTP2ErrorCode?) {
        streamID = frame.header.streamID
        endsStream = frame.header.flags.contains(.endStream)
        self.fault = fault
        // What is whole is decoded at once; the rest must not hold on to what the loop's sockets read into.
        let isWhole = frame.header.flags.contains(.endHeaders)
        bytes = isWhole ? frame.payload : ByteBuffer(bytes: frame.payload.readableBytesView)
        frames = 1
    }

    /// - Returns: Whether the block is within these bounds.
    mutating func add(_ frame: Frame, mostBytes: Int, mostFrames: Int) -> Bool {
        bytes.writeImmutableBuffer(frame.payload)
        frames += 1
        return bytes.readableBytes <= mostBytes && frames <= mostFrames
    }

    /// Takes the whole block out.
    mutating func finish() -> ByteBuffer {
        defer { self = HTTP2HeaderProgress() }
        return bytes
    }
}

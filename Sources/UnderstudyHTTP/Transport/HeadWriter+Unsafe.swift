// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads into the room that was made for them.
//
// Unsafe because it stores into a buffer's own memory, for every line of every head. Every store is checked against the
// room; `HeadEncoderTests` and `HPACKEncoderTests` encode lines of every length.

internal import NIOCore

/// Appends to the free room of a buffer.
@safe struct HeadWriter: ~Copyable {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    fileprivate init(_ room: UnsafeMutableRawBufferPointer) {
        unsafe self.room = unsafe room
    }

    mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "a line outside of its block")
        precondition(unsafe range.count <= room.count - count, "no room for \(range.count) bytes")
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let from = source.baseAddress, let to = unsafe room.baseAddress else { return }
            // Safe: so many bytes are in the span and free in the room, as was checked above.
            unsafe (to + count).copyMemory(from: from + range.lowerBound, byteCount: range.count)
        }
        count += range.count
    }

    mutating func append(_ byte: UInt8) {
        precondition(unsafe count < room.count, "no room for a byte")
        unsafe room[count] = byte
        count += 1
    }

    mutating func append(_ literal: StaticString) {
        let length = literal.utf8CodeUnitCount
        precondition(unsafe length <= room.count - count, "no room for \(length) bytes")
        guard literal.hasPointerRepresentation, let to = unsafe room.baseAddress else { return }
        // Safe: so many bytes are free, as was checked above, and the literal lives as long as the program.
        unsafe (to + count).copyMemory(from: literal.utf8Start, byteCount: length)
        count += length
    }
}

extension ByteBuffer {
    /// Appends what `write` makes of so many bytes of room.
    mutating func writeBlock(room: Int, _ write: (inout HeadWriter) -> Void) {
        unsafe writeWithUnsafeMutableBytes(minimumWritableBytes: room) { bytes in
            var writer = unsafe HeadWriter(bytes)
            write(&writer)
            return writer.count
        }
    }
}

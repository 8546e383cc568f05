// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The nine bytes before every HTTP/2 payload (RFC 9113 section 4.1).

package import NIOCore

package struct FrameHeader: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    package static let size = 9

    /// Bytes of the payload, below 2^24.
    package var length: Int
    package var rawKind: UInt8
    package var flags: Flags
    /// Below 2^31; the reserved bit is ignored.
    package var streamID: UInt32

    package init(length: Int, kind: Kind, flags: Flags = [], streamID: UInt32) {
        self.length = length
        rawKind = kind.rawValue
        self.flags = flags
        self.streamID = streamID
    }

    private init(length: Int, rawKind: UInt8, flags: UInt8, streamID: UInt32) {
        self.length = length
        self.rawKind = rawKind
        self.flags = Flags(rawValue: flags)
        self.streamID = streamID
    }

    /// `nil` for a kind that is not known, which is to be ignored (RFC 9113 section 5.5).
    package var kind: Kind? { Kind(rawValue: rawKind) }

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        package static let endStream = Flags(rawValue: 0x1)
        /// Of SETTINGS and PING.
        package static let acknowledgement = Flags(rawValue: 0x1)
        package static let endHeaders = Flags(rawValue: 0x4)
        package static let padded = Flags(rawValue: 0x8)
        package static let priority = Flags(rawValue: 0x20)
    }
}

extension FrameHeader {
    /// The header at `offset`, of which all nine bytes must be there.
    package static func decode(_ bytes: Span<UInt8>, at offset: Int) -> FrameHeader {
        let length = Int(bytes[offset]) << 16 | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
        var streamID = UInt32(bytes[offset + 5] & 0x7F)
        for position in offset + 6..<offset + 9 { streamID = streamID << 8 | UInt32(bytes[position]) }
        return FrameHeader(
            length: length,
            rawKind: bytes[offset + 3],
            flags: bytes[offset + 4],
            streamID: streamID
        )
    }

    package func write(to buffer: inout ByteBuffer) {
        // Safe: the length fits 24 bits, and what is cut off are the bits below them.
        buffer.writeMultipleIntegers(
            UInt16(truncatingIfNeeded: length >> 8),
            UInt8(truncatingIfNeeded: length),
            rawKind,
            flags.rawValue,
            streamID
        )
    }

    /// Writes the header again, over the one at `offset`.
    package func overwrite(_ buffer: inout ByteBuffer, at offset: Int) {
        buffer.setInteger(UInt16(truncatingIfNeeded: length >> 8), at: offset)
        buffer.setInteger(UInt8(truncatingIfNeeded: length), at: offset + 2)
        buffer.setInteger(rawKind, at: offset + 3)
        buffer.setInteger(flags.rawValue, at: offset + 4)
        buffer.setInteger(streamID, at: offset + 5)
    }
}

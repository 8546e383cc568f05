// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The nine bytes before every HTTP/2 payload (RFC 9113 section 4.1).

public import NIOCore

public struct FrameHeader: Sendable, Equatable {
    public enum Kind: UInt8, Sendable {
        case data, headers, priority, resetStream, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    public static let size = 9

    /// Bytes of the payload, below 2^24.
    public var length: Int
    public var rawKind: UInt8
    public var flags: Flags
    /// Below 2^31; the reserved bit is ignored.
    public var streamID: UInt32

    public init(length: Int, kind: Kind, flags: Flags = [], streamID: UInt32) {
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
    public var kind: Kind? { Kind(rawValue: rawKind) }

    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        public static let endStream = Flags(rawValue: 0x1)
        /// Of SETTINGS and PING.
        public static let acknowledgement = Flags(rawValue: 0x1)
        public static let endHeaders = Flags(rawValue: 0x4)
        public static let padded = Flags(rawValue: 0x8)
        public static let priority = Flags(rawValue: 0x20)
    }
}

extension FrameHeader {
    /// The header at `offset`, of which all nine bytes must be there.
    public static func decode(_ bytes: Span<UInt8>, at offset: Int) -> FrameHeader {
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

    public func write(to buffer: inout ByteBuffer) {
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
    public func overwrite(_ buffer: inout ByteBuffer, at offset: Int) {
        buffer.setInteger(UInt16(truncatingIfNeeded: length >> 8), at: offset)
        buffer.setInteger(UInt8(truncatingIfNeeded: length), at: offset + 2)
        buffer.setInteger(rawKind, at: offset + 3)
        buffer.setInteger(flags.rawValue, at: offset + 4)
        buffer.setInteger(streamID, at: offset + 5)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Takes the chunked coding apart, byte by byte and without ever going back.

internal import UnderstudyCore

/// Finds the data in a chunked body.
///
/// Chunk lines and extensions end here, and trailers unless they are asked for.
///
/// - Source: RFC 9112 section 7.1. Stricter than most: sizes are hexadecimal digits only, CR LF is required
///   everywhere, and the bytes behind the data are checked.
public struct ChunkDecoder: Sendable {
    public enum Step: Equatable, Sendable {
        /// Data that stands at this range of the bytes.
        case data(Range<Int>)
        /// All bytes are used up and the body goes on.
        case needMore
        /// Bytes of the trailer section stand at this range; only if they were asked for.
        case trailers(Range<Int>)
        /// The body ended before this offset.
        case end(Int)
    }

    private enum State: Sendable {
        case size, spaceAfterSize, extensions, sizeLineFeed
        case data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed
        case ended
    }

    private var state = State.size
    private var remaining = 0
    private var digits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0
    private var trailerLines = 0
    private let limits: MessageLimits
    private let reportsTrailers: Bool

    public init(limits: MessageLimits = MessageLimits(), reportsTrailers: Bool = false) {
        self.limits = limits
        self.reportsTrailers = reportsTrailers
    }

    /// Goes on from `offset`.
    public mutating func next(_ bytes: Span<UInt8>, from offset: Int) throws(MessageFault) -> Step {
        var offset = offset
        while offset < bytes.count {
            if state == .data {
                let end = offset + min(remaining, bytes.count - offset)
                remaining -= end - offset
                if remaining == 0 { state = .dataReturn }
                return .data(offset..<end)
            }
            if reportsTrailers, state == .ended { return .end(offset) }
            if reportsTrailers, isInTrailers { return .trailers(try consumeTrailers(bytes, from: offset)) }
            try consume(bytes[offset])
            offset += 1
            if state == .ended { return .end(offset) }
        }
        return state == .ended ? .end(offset) : .needMore
    }

    private var isInTrailers: Bool {
        switch state {
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed: true
        default: false
        }
    }

    private mutating func consumeTrailers(_ bytes: Span<UInt8>, from start: Int) throws(MessageFault) -> Range<Int> {
        var offset = start
        while offset < bytes.count, state != .ended {
            try consumeTrailer(bytes[offset])
            offset += 1
        }
        return start..<offset
    }

    private mutating func consume(_ byte: UInt8) throws(MessageFault) {
        switch state {
        case .size: try consumeSize(byte)
        case .spaceAfterSize:
            guard byte == 0x3B || byte == 0x20 || byte == 0x09 else { throw .badChunk }
            try countExtensionByte()
            if byte == 0x3B { state = .extensions }
        case .extensions:
            if byte == 0x0D {
                state = .sizeLineFeed
            } else {
                guard Self.isFieldByte(byte) else { throw .badChunk }
                try countExtensionByte()
            }
        case .sizeLineFeed:
            guard byte == 0x0A else { throw .badChunk }
            state = remaining == 0 ? .trailerStart : .data
            digits = 0
        case .dataReturn:
            guard byte == 0x0D else { throw .badChunk }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw .badChunk }
            state = .size
        case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed, .lastLineFeed:
            try consumeTrailer(byte)
        case .data, .ended: throw .badChunk
        }
    }

    private mutating func consumeSize(_ byte: UInt8) throws(MessageFault) {
        if let digit = Self.hexDigit(byte) {
            // Safe: below 2^59 a further digit stays below 2^63.
            guard remaining < 1 << 59 else { throw .badChunk }
            remaining = remaining << 4 | digit
            digits += 1
            // Leading zeros are digits too; without a bound they would be an endless line.
            guard digits <= 16 else { throw .badChunk }
            return
        }
        guard digits > 0 else { throw .badChunk }
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case 0x3B: state = .extensions
        case 0x20, 0x09: state = .spaceAfterSize
        default: throw .badChunk
        }
    }

    private mutating func consumeTrailer(_ byte: UInt8) throws(MessageFault) {
        trailerBytes += 1
        guard trailerBytes <= limits.trailerBytes else { throw .tooLarge }
        switch state {
        case .trailerStart where byte == 0x0D: state = .lastLineFeed
        case .trailerStart where HeaderToken.allows(byte):
            trailerLines += 1
            guard trailerLines <= limits.headerLines else { throw .tooManyLines }
            state = .trailerName
        case .trailerName where byte == 0x3A: state = .trailerValue
        case .trailerName where HeaderToken.allows(byte): break
        case .trailerValue where byte == 0x0D: state = .trailerLineFeed
        case .trailerValue where Self.isFieldByte(byte): break
        case .trailerLineFeed where byte == 0x0A: state = .trailerStart
        case .lastLineFeed where byte == 0x0A: state = .ended
        default: throw .badChunk
        }
    }

    private mutating func countExtensionByte() throws(MessageFault) {
        extensionBytes += 1
        guard extensionBytes <= limits.chunkExtensionBytes else { throw .tooLarge }
    }

    private static func isFieldByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == 0x09
    }

    private static func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x37
        case 0x61...0x66: Int(byte) - 0x57
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A body of many megabytes in which no two places look alike, so that a lost, doubled or moved byte shows.

package import NIOCore

package enum BodyPattern {
    /// Printed with every failure of a test that uses the pattern.
    package static let seed: UInt64 = 0x5EED_0F0B_0D1E_5000

    package static let count = 20 << 20

    /// All of it.
    ///
    /// Blocks of the same random bytes, each turned by another amount: quick to make, and no two alike.
    package static let all: ByteBuffer = {
        let blockSize = 64 * 1024
        let block = randomBytes(blockSize)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        for number in 0..<count / blockSize {
            let turn = number * 197
            for range in [turn..<blockSize, 0..<turn] {
                if let part = block.getSlice(at: range.lowerBound, length: range.count) {
                    buffer.writeImmutableBuffer(part)
                }
            }
        }
        return buffer
    }()

    private static func randomBytes(_ count: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        var state = seed
        for _ in 0..<count / 8 {
            // splitmix64
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            buffer.writeInteger(mixed ^ mixed >> 31)
        }
        return buffer
    }

    /// Its first bytes.
    package static func prefix(_ count: Int) -> ByteBuffer {
        all.getSlice(at: 0, length: count) ?? ByteBuffer()
    }

    /// Whether the piece is what stands at this offset of the pattern, which begins anew at its end.
    package static func matches(_ piece: ByteBuffer, at offset: Int) -> Bool {
        var rest = piece
        var offset = offset % count
        while let part = rest.readSlice(length: min(rest.readableBytes, count - offset)), part.readableBytes > 0 {
            guard all.getSlice(at: offset, length: part.readableBytes) == part else { return false }
            offset = (offset + part.readableBytes) % count
        }
        return true
    }

    /// The first bytes in the chunked coding, in chunks of a size that lines up with no buffer's.
    package static func chunked(_ count: Int, chunkSize: Int = 50_021) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count + count / chunkSize * 12 + 64)
        var offset = 0
        while offset < count {
            let size = min(chunkSize, count - offset)
            buffer.writeString("\(String(size, radix: 16))\r\n")
            if let piece = all.getSlice(at: offset, length: size) { buffer.writeImmutableBuffer(piece) }
            buffer.writeString("\r\n")
            offset += size
        }
        buffer.writeString("0\r\n\r\n")
        return buffer
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What heads are put together of, each in one step: every append by itself looks at the array's owner and room again.

extension [UInt8] {
    /// Appends `name: value` and CR LF.
    ///
    /// - Returns: Where the value ends.
    @discardableResult
    mutating func appendLine(_ name: StaticString, _ value: Span<UInt8>) -> Int {
        unsafe value.withUnsafeBytes { value in
            unsafe appendLine(name.bytes, value)
        }
    }

    @discardableResult
    mutating func appendLine(_ name: StaticString, _ value: StaticString) -> Int {
        unsafe appendLine(name.bytes, value.bytes)
    }

    /// The same with a value that is made in its place.
    ///
    /// - Parameters:
    ///   - room: What the value takes at most.
    ///   - writeValue: Appends it.
    mutating func appendLine(_ name: StaticString, room: Int, _ writeValue: (inout OutputSpan<UInt8>) -> Void) -> Int {
        append(addingCapacity: name.utf8CodeUnitCount + room + 4) { span in
            unsafe span.append(name.bytes)
            span.append(0x3A)
            span.append(0x20)
            writeValue(&span)
            span.append(0x0D)
            span.append(0x0A)
        }
        return count - 2
    }

    private mutating func appendLine(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Int {
        let added = name.count + value.count + 4
        append(addingCapacity: added) { span in
            unsafe span.withUnsafeMutableBufferPointer { room, count in
                let line = UnsafeMutableRawBufferPointer(room)
                // Safe: `added` bytes are free behind the count, and so many are written.
                precondition(count + added <= line.count)
                unsafe line.copy(name, at: count)
                unsafe line.storeBytes(of: 0x203A, toByteOffset: count + name.count, as: UInt16.self)
                unsafe line.copy(value, at: count + name.count + 2)
                unsafe line.storeBytes(of: 0x0A0D, toByteOffset: count + added - 2, as: UInt16.self)
                count += added
            }
        }
        return count - 2
    }

    /// Appends a copy of bytes that the array holds already.
    ///
    /// A slice would be a second reference, and appending would then copy the whole array first.
    mutating func append(copyOfOwn range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        let start = count
        append(addingCapacity: range.count) { $0.append(repeating: 0, count: range.count) }
        unsafe withUnsafeMutableBytes { bytes in
            // Safe: the range lies before `start`, and as many bytes behind it have just been added.
            unsafe bytes.copy(UnsafeRawBufferPointer(rebasing: bytes[range]), at: start)
        }
    }

    /// Appends the number in decimal digits.
    public mutating func append(decimal value: Int) {
        append(addingCapacity: OutputSpan.mostDigits) { $0.append(decimal: value) }
    }

    /// Makes the letters of the range lower-case.
    public mutating func lowercase(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        unsafe withUnsafeMutableBytes { bytes in
            var offset = range.lowerBound
            while range.upperBound - offset >= 8 {
                // Safe: eight bytes are left in the range.
                let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                unsafe bytes.storeBytes(of: word.lowercased, toByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            let left = range.upperBound - offset
            if left > 0, bytes.count - offset >= 8 {
                // Safe: eight bytes are left in the array, of which those behind the range stay as they are.
                let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
                let mask: UInt64 = (1 &<< UInt64(8 * left)) &- 1
                let mixed = word.lowercased & mask | word & ~mask
                unsafe bytes.storeBytes(of: mixed.littleEndian, toByteOffset: offset, as: UInt64.self)
                return
            }
            while offset < range.upperBound {
                unsafe bytes[offset] = HeaderToken.lowercased(bytes[offset])
                offset += 1
            }
        }
    }
}

extension OutputSpan<UInt8> {
    /// What a number may take, its sign included.
    static let mostDigits = 20

    fileprivate mutating func append(_ bytes: UnsafeRawBufferPointer) {
        unsafe withUnsafeMutableBufferPointer { room, count in
            // Safe: so many bytes are free behind the count.
            precondition(count + bytes.count <= room.count)
            unsafe UnsafeMutableRawBufferPointer(room).copy(bytes, at: count)
            count += bytes.count
        }
    }

    /// Appends the number in decimal digits.
    mutating func append(decimal value: Int) {
        let magnitude = value.magnitude
        if value < 0 { append(0x2D) }
        if magnitude < 10 { return append(0x30 + UInt8(truncatingIfNeeded: magnitude)) }
        var digits = 2
        var bound: UInt = 100
        while digits < Self.mostDigits, magnitude >= bound {
            digits += 1
            // Safe: beyond the largest power of ten the loop ends by the number of digits.
            bound = bound &* 10
        }
        var rest = magnitude
        unsafe withUnsafeMutableBufferPointer { room, count in
            precondition(count + digits <= room.count)
            var position = count + digits
            while position > count {
                position -= 1
                // Safe: the position is inside the room, and a remainder below ten fits a byte.
                unsafe room[position] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            count += digits
        }
    }

    /// Appends two words in hexadecimal digits, in groups of 8, 4, 4, 4 and 12: 36 bytes.
    mutating func append(grouped high: UInt64, _ low: UInt64) {
        unsafe withUnsafeMutableBufferPointer { room, count in
            let places = unsafe UnsafeMutableBufferPointer(rebasing: room[count..<count + 36])
            let text = UnsafeMutableRawBufferPointer(places)
            // Safe: each of the digits and dashes has its place among the 36 bytes.
            let words = (high.upperDigits, high.lowerDigits, low.upperDigits, low.lowerDigits)
            unsafe text.storeBytes(of: words.0, as: UInt64.self)
            unsafe text.storeBytes(of: 0x2D, toByteOffset: 8, as: UInt8.self)
            unsafe text.storeBytes(of: UInt32(truncatingIfNeeded: words.1), toByteOffset: 9, as: UInt32.self)
            unsafe text.storeBytes(of: 0x2D, toByteOffset: 13, as: UInt8.self)
            unsafe text.storeBytes(of: UInt32(truncatingIfNeeded: words.1 >> 32), toByteOffset: 14, as: UInt32.self)
            unsafe text.storeBytes(of: 0x2D, toByteOffset: 18, as: UInt8.self)
            unsafe text.storeBytes(of: UInt32(truncatingIfNeeded: words.2), toByteOffset: 19, as: UInt32.self)
            unsafe text.storeBytes(of: 0x2D, toByteOffset: 23, as: UInt8.self)
            unsafe text.storeBytes(of: UInt32(truncatingIfNeeded: words.2 >> 32), toByteOffset: 24, as: UInt32.self)
            unsafe text.storeBytes(of: words.3, toByteOffset: 28, as: UInt64.self)
            count += 36
        }
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeRawBufferPointer {
        // Safe: the literal's storage lives as long as the program; a single scalar, which has none, is no name or value.
        precondition(hasPointerRepresentation)
        return unsafe UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Whoever calls it has made sure that there is room.
    fileprivate func copy(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard let to = baseAddress, let from = bytes.baseAddress else { return }
        unsafe (to + offset).copyMemory(from: from, byteCount: bytes.count)
    }
}

extension UInt64 {
    /// As eight bytes of ASCII, the first in the lowest byte: the hexadecimal digits of the upper half.
    fileprivate var upperDigits: UInt64 { (self >> 32).lowerDigits }

    /// The same of the lower half.
    fileprivate var lowerDigits: UInt64 {
        // Each nibble to a byte of its own, the most significant in the highest one.
        var nibbles = self & 0xFFFF_FFFF
        nibbles = (nibbles << 16 | nibbles) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles << 8 | nibbles) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles << 4 | nibbles) & 0x0F0F_0F0F_0F0F_0F0F
        // A bit in every byte that is a letter; no sum leaves its byte.
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return (nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).byteSwapped
    }

    /// Eight bytes with every capital letter of ASCII made small.
    fileprivate var lowercased: UInt64 {
        let sevenBits = self & 0x7F7F_7F7F_7F7F_7F7F
        // The high bit of each byte says whether it is at least `A`, and whether it is beyond `Z`.
        let fromA = sevenBits &+ 0x3F3F_3F3F_3F3F_3F3F
        let beyondZ = sevenBits &+ 0x2525_2525_2525_2525
        let capitals = fromA & ~beyondZ & ~self & 0x8080_8080_8080_8080
        return self | capitals >> 2
    }
}

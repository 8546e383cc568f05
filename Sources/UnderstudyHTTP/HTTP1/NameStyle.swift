// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header names in another case than the lower one in which the proxy keeps them.

internal import NIOCore
internal import UnderstudyCore

/// How a side of the proxy writes header names.
///
/// - Source: measured on Envoy 1.40. Names that were kept as they arrived win over a side's own style, and what was
///   added to such a message stays in lower case. Trailers are always in lower case.
enum NameStyle {
    case lower
    case proper

    /// The lines may be copied as they stand in the arena.
    @inline(__always)
    func isAsStored(_ headers: borrowing HeaderBlock) -> Bool {
        self == .lower && headers.originalNames == nil
    }

    func writeLines(_ headers: borrowing HeaderBlock, to buffer: inout ByteBuffer) {
        for line in headers.lines {
            write(headers.bytes.span.extracting(line.wire), nameLength: line.nameLength, headers, to: &buffer)
        }
    }

    /// Writes a line, or several bytes that begin with one, whose name ends at the first colon.
    func writeLine(_ text: StaticString, of headers: borrowing HeaderBlock, to buffer: inout ByteBuffer) {
        var bytes: [UInt8] = []
        bytes.append(literal: text)
        write(bytes.span, nameLength: bytes.firstIndex(of: 0x3A) ?? 0, headers, to: &buffer)
    }

    private func write(
        _ line: Span<UInt8>,
        nameLength: Int,
        _ headers: borrowing HeaderBlock,
        to buffer: inout ByteBuffer
    ) {
        let name = line.extracting(0..<nameLength)
        if let names = headers.originalNames {
            if let original = names.original(of: name) {
                buffer.writeBytes(original)
            } else {
                write(name, to: &buffer)
            }
        } else {
            writeProper(name, to: &buffer)
        }
        write(line.extracting(nameLength..<line.count), to: &buffer)
    }

    private func write(_ bytes: Span<UInt8>, to buffer: inout ByteBuffer) {
        var copy: [UInt8] = []
        copy.append(copying: bytes)
        buffer.writeBytes(copy)
    }

    /// Raises each letter that follows none and no digit.
    private func writeProper(_ name: Span<UInt8>, to buffer: inout ByteBuffer) {
        var isStart = true
        for offset in 0..<name.count {
            let byte = name[offset]
            let isLetter = byte >= 0x61 && byte <= 0x7A
            buffer.writeInteger(isStart && isLetter ? byte & 0xDF : byte)
            isStart = !isLetter && !(byte >= 0x30 && byte <= 0x39)
        }
    }
}

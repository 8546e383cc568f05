// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What becomes of each field of a head: a number if the peer knows it, else its bytes.

internal import UnderstudyCore

extension HPACKEncoder {
    mutating func write(
        _ head: borrowing RequestHead,
        _ scheme: Scheme,
        _ isExtendedConnect: Bool,
        to writer: inout HeadWriter
    ) {
        let bytes = head.headers.bytes.span
        switch head.method {
        case _ where isExtendedConnect:
            writer.append(2, behind: 0, mask: 0x0F)
            writer.append(string: "CONNECT")
            if let line = head.headers.firstIndex(of: .upgrade) {
                writer.append(0)
                writer.append(string: ":protocol")
                writer.append(string: bytes, head.headers.lines[line].value)
            }
        case .get: writer.append(0x82)
        case .post: writer.append(0x83)
        default:
            writer.append(2, behind: 0, mask: 0x0F)
            writer.append(string: bytes, head.methodName)
        }
        writer.append(scheme == .http ? 0x86 : 0x87)
        if !head.host.isEmpty {
            let host = head.headers.lines[RequestHead.hostLine]
            write(host, of: bytes, name: 1, nameLength: 10, to: &writer)
        }
        let target = head.target
        if target.count == 1, bytes[target.lowerBound] == 0x2F {
            writer.append(0x84)
        } else {
            writer.append(4, behind: 0, mask: 0x0F)
            writer.append(string: bytes, target)
        }
    }

    func write(_ head: borrowing RequestHead, tunnelTo writer: inout HeadWriter) {
        writer.append(2, behind: 0, mask: 0x0F)
        writer.append(string: "CONNECT")
        writer.append(1, behind: 0, mask: 0x0F)
        writer.append(string: head.headers.bytes.span, head.target)
    }

    static func write(status: Int, to writer: inout HeadWriter) {
        switch status {
        case 200: writer.append(0x88)
        case 204: writer.append(0x89)
        case 206: writer.append(0x8A)
        case 304: writer.append(0x8B)
        case 400: writer.append(0x8C)
        case 404: writer.append(0x8D)
        case 500: writer.append(0x8E)
        default:
            writer.append(8, behind: 0, mask: 0x0F)
            writer.append(3)
            // Safe: each is a digit.
            for digit in [status / 100 % 10, status / 10 % 10, status % 10] {
                writer.append(0x30 + UInt8(truncatingIfNeeded: digit))
            }
        }
    }
}

extension HPACKEncoder {
    mutating func writeLines(_ headers: borrowing HeaderBlock, to writer: inout HeadWriter) {
        let bytes = headers.bytes.span
        for line in headers.lines {
            switch line.known {
            case .host, .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .http2Settings: break
            case .te where !HeaderToken.isExactly("trailers", bytes, line.value): break
            case .date, .contentLength, .requestID, .envoyServiceTime:
                // Hardly ever the same twice.
                writeLiteral(line, of: bytes, behind: 0, mask: 0x0F, name: Self.name(of: line, bytes), to: &writer)
            default:
                if Self.isSensitive(line, bytes) {
                    // Never indexed, here or further on (RFC 7541 section 7.1.3).
                    let name = Self.name(of: line, bytes)
                    writeLiteral(line, of: bytes, behind: 0x10, mask: 0x0F, name: name, to: &writer)
                } else {
                    write(line, of: bytes, name: nil, nameLength: line.nameLength, to: &writer)
                }
            }
        }
    }

    /// Writes a line by its number if the peer knows it.
    ///
    /// - Parameters:
    ///   - name: The index of its name, if that is known before.
    ///   - nameLength: Of the name that it counts with in the table.
    private mutating func write(
        _ line: HeaderBlock.Line,
        of bytes: Span<UInt8>,
        name: Int?,
        nameLength: Int,
        to writer: inout HeadWriter
    ) {
        let size = nameLength + line.value.count + HPACKTable.overhead
        let finding = memory.find(bytes, line.start..<line.valueEnd, nameLength: line.nameLength, size: size)
        switch finding {
        case .index(let index):
            writer.append(HPACKStaticTable.count + 1 + index, behind: 0x80, mask: 0x7F)
        case .added:
            let name = name ?? Self.name(of: line, bytes)
            writeLiteral(line, of: bytes, behind: 0x40, mask: 0x3F, name: name, to: &writer)
        case .unknown:
            let name = name ?? Self.name(of: line, bytes)
            writeLiteral(line, of: bytes, behind: 0, mask: 0x0F, name: name, to: &writer)
        }
    }

    private func writeLiteral(
        _ line: HeaderBlock.Line,
        of bytes: Span<UInt8>,
        behind bits: UInt8,
        mask: UInt8,
        name: Int,
        to writer: inout HeadWriter
    ) {
        writer.append(name, behind: bits, mask: mask)
        if name == 0 { writer.append(string: bytes, line.name) }
        writer.append(string: bytes, line.value)
    }

    private static func name(of line: HeaderBlock.Line, _ bytes: Span<UInt8>) -> Int {
        HPACKStaticTable.shared.index(ofName: line.name, in: bytes)
    }

    /// Credentials; cookies among them, since one connection carries those of many clients.
    private static func isSensitive(_ line: HeaderBlock.Line, _ bytes: Span<UInt8>) -> Bool {
        switch line.nameLength {
        case 6: ByteScan.equals(bytes, at: line.start, "cookie")
        case 10: ByteScan.equals(bytes, at: line.start, "set-cookie")
        case 13: ByteScan.equals(bytes, at: line.start, "authorization")
        case 19: ByteScan.equals(bytes, at: line.start, "proxy-authorization")
        default: false
        }
    }
}

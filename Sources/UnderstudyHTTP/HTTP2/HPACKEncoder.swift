// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Heads to header blocks (RFC 7541).

public import NIOCore
public import UnderstudyCore

/// Encodes what goes to one peer on one connection.
///
/// Blocks have to be sent in the order in which they were encoded.
public struct HPACKEncoder: Sendable {
    /// The scheme that a request says it came by.
    public enum Scheme: Sendable { case http, https }

    /// Bytes of the table at most, whatever the peer allows.
    static let largestTable = 4096

    var memory = HPACKMemory(limit: largestTable)
    private var tableBytes = largestTable
    /// The smallest size of the table since the last block, if its size has changed.
    private var smallest: Int?

    public init() {}

    /// Heeds the peer's SETTINGS_HEADER_TABLE_SIZE, up to 4,096 bytes.
    public mutating func setTableBytes(_ bytes: Int) {
        let size = min(max(bytes, 0), Self.largestTable)
        guard size != tableBytes else { return }
        smallest = min(smallest ?? size, size)
        tableBytes = size
        memory.setLimit(size)
    }

    /// Appends a request's header block.
    ///
    /// Lines that HTTP/2 forbids are left out.
    ///
    /// - Parameter isExtendedConnect: The head asks for an upgrade and goes on as a CONNECT to the protocol that its
    ///   `upgrade` names (RFC 8441).
    public mutating func encodeRequest(
        _ head: borrowing RequestHead,
        scheme: Scheme,
        isExtendedConnect: Bool = false,
        into buffer: inout ByteBuffer
    ) {
        let room = Self.room(for: head.headers) + head.methodName.count + head.target.count
        buffer.writeBlock(room: room) { writer in
            begin(&writer)
            if head.method == .connect {
                write(head, tunnelTo: &writer)
            } else {
                write(head, scheme, isExtendedConnect, to: &writer)
            }
            writeLines(head.headers, to: &writer)
        }
    }

    /// Appends an answer's header block.
    ///
    /// - Parameter status: Instead of the head's own: 200 for a 101 that answers an extended CONNECT.
    public mutating func encodeResponse(
        _ head: borrowing ResponseHead,
        status: Int? = nil,
        into buffer: inout ByteBuffer
    ) {
        let status = status ?? head.status
        buffer.writeBlock(room: Self.room(for: head.headers)) { writer in
            begin(&writer)
            Self.write(status: status, to: &writer)
            writeLines(head.headers, to: &writer)
        }
    }

    public mutating func encodeTrailers(_ trailers: borrowing HeaderBlock, into buffer: inout ByteBuffer) {
        buffer.writeBlock(room: Self.room(for: trailers)) { writer in
            begin(&writer)
            writeLines(trailers, to: &writer)
        }
    }

    /// More bytes than the lines, the pseudo-fields and all numbers before them can take.
    private static func room(for headers: borrowing HeaderBlock) -> Int {
        var bytes = 128
        for line in headers.lines { bytes += line.valueEnd - line.start + 16 }
        return bytes
    }

    /// - Source: RFC 7541 section 4.2.
    private mutating func begin(_ writer: inout HeadWriter) {
        guard let smallest else { return }
        self.smallest = nil
        if smallest < tableBytes { writer.append(smallest, behind: 0x20, mask: 0x1F) }
        writer.append(tableBytes, behind: 0x20, mask: 0x1F)
    }
}

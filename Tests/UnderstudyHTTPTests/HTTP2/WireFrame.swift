// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Frames as tests write and read them.

import NIOCore
import TestSupport
import UnderstudyCore
import UnderstudyHTTP

/// The bytes of one frame, well-formed or not.
struct WireFrame {
    var kind: UInt8
    var flags: UInt8 = 0
    var id: UInt32
    var payload: [UInt8] = []

    static let end: UInt8 = 0x1
    static let ack: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20

    var bytes: [UInt8] {
        let length = payload.count
        let head = [UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 8)]
        return head + [UInt8(truncatingIfNeeded: length), kind, flags] + Self.word(id) + payload
    }

    static func word(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    // MARK: Those that are sent

    static func data(_ id: UInt32, _ text: String, end: Bool = false) -> WireFrame {
        WireFrame(kind: 0, flags: end ? Self.end : 0, id: id, payload: Array(text.utf8))
    }

    static func data(_ id: UInt32, count: Int, end: Bool = false) -> WireFrame {
        WireFrame(kind: 0, flags: end ? Self.end : 0, id: id, payload: Array(repeating: 0x61, count: count))
    }

    static func headers(_ id: UInt32, _ block: [UInt8], end: Bool = true, endHeaders: Bool = true) -> WireFrame {
        WireFrame(kind: 1, flags: (end ? Self.end : 0) | (endHeaders ? Self.endHeaders : 0), id: id, payload: block)
    }

    static func continuation(_ id: UInt32, _ block: [UInt8], endHeaders: Bool = true) -> WireFrame {
        WireFrame(kind: 9, flags: endHeaders ? Self.endHeaders : 0, id: id, payload: block)
    }

    /// A whole request without a body.
    static func get(_ id: UInt32, _ path: String = "/") -> WireFrame { headers(id, Block.get(path)) }

    /// The head of a request with a body.
    static func post(_ id: UInt32, _ path: String = "/", _ fields: [(String, String)] = []) -> WireFrame {
        headers(id, Block.post(path) + Block.fields(fields), end: false)
    }

    static func priority(_ id: UInt32, on dependency: UInt32 = 0) -> WireFrame {
        WireFrame(kind: 2, id: id, payload: word(dependency) + [15])
    }

    static func reset(_ id: UInt32, _ code: HTTP2ErrorCode = .cancel) -> WireFrame {
        WireFrame(kind: 3, id: id, payload: word(code.rawValue))
    }

    static func settings(_ values: [(UInt16, UInt32)] = []) -> WireFrame {
        let payload = values.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xFF)] + word($0.1) }
        return WireFrame(kind: 4, id: 0, payload: payload)
    }

    static let settingsAck = WireFrame(kind: 4, flags: ack, id: 0)

    static func ping(_ byte: UInt8 = 7, ack: Bool = false) -> WireFrame {
        WireFrame(kind: 6, flags: ack ? Self.ack : 0, id: 0, payload: Array(repeating: byte, count: 8))
    }

    static func goAway(_ last: UInt32, _ code: HTTP2ErrorCode = .noError) -> WireFrame {
        WireFrame(kind: 7, id: 0, payload: word(last) + word(code.rawValue))
    }

    static func window(_ id: UInt32, _ increment: UInt32) -> WireFrame {
        WireFrame(kind: 8, id: id, payload: word(increment))
    }
}

/// Header blocks in the simplest encoding.
enum Block {
    static func get(_ path: String = "/") -> [UInt8] {
        [0x82, 0x86] + field(indexed: 4, path) + field(indexed: 1, "h")
    }

    static func post(_ path: String = "/") -> [UInt8] {
        [0x83, 0x86] + field(indexed: 4, path) + field(indexed: 1, "h")
    }

    static func request(_ method: String) -> [UInt8] {
        field(indexed: 2, method) + [0x86] + field(indexed: 4, "/") + field(indexed: 1, "h")
    }

    /// A literal without indexing whose name is in the static table.
    private static func field(indexed name: UInt8, _ value: String) -> [UInt8] { [name] + string(value) }

    static func fields(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var length: [UInt8] = [127]
        while rest >= 128 {
            length.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return length + [UInt8(rest)] + bytes
    }
}

/// What stands in bytes that were sent, a line for each frame.
struct SentFrames {
    private var decoder = HPACKDecoder(tableBytes: 4096)

    /// Takes the whole frames out.
    mutating func read(_ bytes: inout ByteBuffer) -> [String] {
        var lines: [String] = []
        while bytes.readableBytes >= FrameHeader.size {
            let header = FrameHeader.decode(bytes.readableBytesUInt8Span, at: 0)
            guard bytes.readableBytes >= FrameHeader.size + header.length else { break }
            bytes.moveReaderIndex(forwardBy: FrameHeader.size)
            guard let payload = bytes.readSlice(length: header.length) else { break }
            lines.append(text(header, payload))
        }
        return lines
    }

    private mutating func text(_ header: FrameHeader, _ payload: ByteBuffer) -> String {
        let id = header.streamID
        let end = header.flags.contains(.endStream) ? " end" : ""
        let ack = header.flags.contains(.acknowledgement) ? " ack" : ""
        var payload = payload
        switch header.kind {
        case .data: return "DATA \(id) \(Self.short(payload))\(end)"
        case .headers: return "HEADERS \(id) \(fields(payload))\(end)"
        case .resetStream: return "RST \(id) \(Self.code(&payload))"
        case .settings: return "SETTINGS\(ack)"
        case .ping: return "PING\(ack)"
        case .goAway:
            let last: UInt32 = payload.readInteger() ?? 0
            return "GOAWAY \(last == 0x7FFF_FFFF ? "max" : "\(last)") \(Self.code(&payload))"
        case .windowUpdate: return "WINDOW \(id) \(payload.readInteger(as: UInt32.self) ?? 0)"
        case .continuation, .priority, .pushPromise, nil: return "kind \(header.rawKind) \(id)"
        }
    }

    private static func short(_ payload: ByteBuffer) -> String {
        payload.readableBytes > 40 ? "(\(payload.readableBytes))" : String(buffer: payload)
    }

    private mutating func fields(_ block: ByteBuffer) -> String {
        var section = FieldSection()
        do {
            try decoder.decode(block.readableBytesUInt8Span, limits: MessageLimits(), into: &section)
        } catch {
            return "undecodable"
        }
        let pseudo = [
            section.status, section.method, section.protocolName, section.scheme, section.authority, section.path,
        ]
        let texts = pseudo.compactMap { $0.map { section.headers.text($0) } }
        // The line of the authority is the Host that it becomes.
        let lines = section.headers.texts.dropFirst(section.authority == nil ? 0 : 1)
        return (texts + lines).joined(separator: ", ")
    }

    private static func code(_ payload: inout ByteBuffer) -> String {
        switch HTTP2ErrorCode(rawValue: payload.readInteger() ?? 0xFF) {
        case .noError: "none"
        case .protocolError: "protocol"
        case .internalError: "internal"
        case .flowControlError: "flow"
        case .settingsTimeout: "settings"
        case .streamClosed: "closed"
        case .frameSizeError: "size"
        case .refusedStream: "refused"
        case .cancel: "cancel"
        case .compressionError: "compression"
        case .enhanceYourCalm: "calm"
        case let other: "\(other.rawValue)"
        }
    }
}

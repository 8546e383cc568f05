// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Frames as they are read: whole, in pieces, padded, too long and too short (RFC 9113 sections 4 and 6).

import NIOCore
import TestSupport
import Testing
import UnderstudyHTTP

struct FrameDecoderTests {
    /// What was read of some bytes, with the pieces of DATA joined.
    struct Reading: Equatable {
        var frames: [String] = []
        var error: HTTP2ErrorCode?
        var flowControlled = 0
        private var data: [UInt8] = []

        init(_ chunks: [[UInt8]]) {
            var decoder = FrameDecoder()
            do throws(HTTP2ErrorCode) {
                for chunk in chunks {
                    decoder.feed(ByteBuffer(bytes: chunk))
                    while let frame = try decoder.next() { add(frame) }
                }
            } catch {
                self.error = error
            }
        }

        private mutating func add(_ frame: Frame) {
            #expect(frame.isFirst == data.isEmpty || frame.header.kind != .data || frame.payload.readableBytes == 0)
            data += Array(frame.payload.readableBytesView)
            flowControlled += frame.flowControlled
            guard frame.isLast else { return }
            let kind = frame.header.kind.map { "\($0)" } ?? "\(frame.header.rawKind)"
            var text = "\(kind) \(frame.header.streamID) \(data.hex)"
            if frame.endsStream, frame.header.kind == .data || frame.header.kind == .headers { text += " end" }
            if let dependency = frame.dependency { text += " on \(dependency)" }
            frames.append(text)
            data = []
        }
    }

    private func frame(_ kind: UInt8, flags: UInt8 = 0, _ stream: UInt32 = 1, _ payload: String = "") -> [UInt8] {
        let payload = [UInt8](hex: payload)
        return header(payload.count, kind, flags, stream) + payload
    }

    private func header(_ length: Int, _ kind: UInt8, _ flags: UInt8 = 0, _ stream: UInt32) -> [UInt8] {
        [UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), kind, flags]
            + word(stream)
    }

    private func word(_ stream: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> $0) }
    }

    private func expect(
        _ bytes: [UInt8],
        _ frames: [String],
        flowControlled: Int = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let whole = Reading([bytes])
        #expect(whole.frames == frames, sourceLocation: sourceLocation)
        #expect(whole.error == nil, sourceLocation: sourceLocation)
        #expect(whole.flowControlled == flowControlled, sourceLocation: sourceLocation)
        #expect(Reading(bytes.map { [$0] }) == whole, "byte by byte", sourceLocation: sourceLocation)
        for cut in 0...bytes.count {
            let parts = [Array(bytes[..<cut]), Array(bytes[cut...])]
            #expect(Reading(parts) == whole, "cut at \(cut)", sourceLocation: sourceLocation)
        }
    }

    private func refuse(
        _ bytes: [UInt8],
        _ error: HTTP2ErrorCode,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(Reading([bytes]).error == error, sourceLocation: sourceLocation)
        #expect(Reading(bytes.map { [$0] }).error == error, sourceLocation: sourceLocation)
    }

    @Test func `a header is written as it is read`() {
        let header = FrameHeader(
            length: 0x012345,
            kind: .headers,
            flags: [.endHeaders, .endStream],
            streamID: 0x7654_3210
        )
        var buffer = ByteBuffer()
        header.write(to: &buffer)
        #expect(buffer.bytes.hex == "012345010576543210")
        #expect(FrameHeader.decode(buffer.readableBytesUInt8Span, at: 0) == header)
        buffer.clear()
        buffer.writeRepeatingByte(0, count: 12)
        header.overwrite(&buffer, at: 3)
        #expect(buffer.bytes.hex == "000000012345010576543210")
        // The reserved bit.
        #expect(FrameHeader.decode([UInt8](hex: "0000000000ffffffff").span, at: 0).streamID == 0x7FFF_FFFF)
    }

    @Test func `frames one after another, however they are cut`() {
        let bytes =
            frame(4, 0) + frame(1, flags: 4, 1, "8284") + frame(0, 1, "616263") + frame(0, flags: 1, 1, "64")
            + frame(6, 0, "0102030405060708") + frame(8, 1, "00000001") + frame(3, 1, "00000008")
            + frame(7, 0, "0000000000000000") + frame(9, 1, "82")
        let frames = [
            "settings 0 ", "headers 1 8284", "data 1 616263", "data 1 64 end", "ping 0 0102030405060708",
            "windowUpdate 1 00000001", "resetStream 1 00000008", "goAway 0 0000000000000000", "continuation 1 82",
        ]
        expect(bytes, frames, flowControlled: 4)
    }

    @Test func `empty frames`() {
        expect(frame(0, 1) + frame(0, flags: 1, 3) + frame(1, 1), ["data 1 ", "data 3  end", "headers 1 "])
    }

    @Test func `padding is taken off, and counts`() {
        let bytes =
            frame(0, flags: 9, 1, "03616263000000") + frame(0, flags: 8, 1, "00") + frame(0, flags: 8, 1, "020000")
            + frame(1, flags: 8, 1, "0182ff")
        expect(bytes, ["data 1 616263 end", "data 1 ", "data 1 ", "headers 1 82"], flowControlled: 11)
    }

    @Test func `priority is taken off`() {
        let bytes = frame(1, flags: 0x20, 3, "800000010a8284") + frame(1, flags: 0x28, 3, "02000000050a82ffff")
        expect(
            bytes + frame(2, 5, "8000000310"),
            [
                "headers 3 8284 on 1", "headers 3 82 on 5", "priority 5 8000000310 on 3",
            ]
        )
    }

    @Test func `unknown kinds are told and skipped`() {
        let bytes = frame(0x42, 0, "616263") + frame(0xFF, 9) + frame(0, 1, "61")
        let reading = Reading([bytes])
        #expect(reading.frames == ["66 0 ", "255 9 ", "data 1 61"])
        expect(bytes, reading.frames, flowControlled: 1)
    }

    @Test(
        arguments: [
            (0, 0, "02", 8), (1, 0, "0282", 8), (0, 1, "ff00", 8), (1, 1, "05000000000a82", 0x28),
        ] as [(UInt8, UInt8, String, UInt8)]
    )
    func `padding that is longer than its frame`(kind: UInt8, _: UInt8, payload: String, flags: UInt8) {
        refuse(frame(kind, flags: flags, 1, payload), .protocolError)
    }

    @Test(
        arguments: [
            (0, 8, 1, ""), (1, 8, 1, ""), (1, 0x20, 1, "00000000"), (1, 0x28, 1, "0000000000"), (2, 0, 1, "00000000"),
            (2, 0, 1, "000000000000"), (3, 0, 1, "000000"), (3, 0, 1, "0000000000"), (4, 0, 0, "00"),
            (4, 0, 0, "00000000000000"),
            (4, 1, 0, "000000000000"), (6, 0, 0, "00"), (6, 0, 0, "000000000000000000"), (7, 0, 0, "00000000000000"),
            (8, 0, 0, "000000"), (8, 0, 1, "0000000000"), (5, 0, 1, "000000"),
        ] as [(UInt8, UInt8, UInt32, String)]
    )
    func `a length that its kind does not have`(kind: UInt8, flags: UInt8, stream: UInt32, payload: String) {
        refuse(frame(kind, flags: flags, stream, payload), .frameSizeError)
    }

    @Test(arguments: 0...10 as ClosedRange<UInt8>)
    func `no frame is longer than was allowed, and the longest is read`(kind: UInt8) {
        refuse(header(16385, kind, 0, kind == 4 || kind == 6 || kind == 7 ? 0 : 1), .frameSizeError)
        guard [0, 1, 9, 10].contains(kind) else { return }
        let longest = header(16384, kind, 0, 1) + [UInt8](repeating: 0x61, count: 16384)
        let reading = Reading([longest, frame(6, 0, "0000000000000000")])
        #expect(reading.error == nil)
        #expect(reading.frames.count == 2)
        #expect(reading.flowControlled == (kind == 0 ? 16384 : 0))
    }

    @Test(
        arguments: [
            (0, 0, ""), (1, 0, "82"), (2, 0, "0000000000"), (3, 0, "00000000"), (5, 0, "00000000"), (9, 0, "82"),
            (4, 1, ""), (6, 1, "0000000000000000"), (7, 1, "0000000000000000"),
        ] as [(UInt8, UInt32, String)]
    )
    func `a frame that has a stream or has none, but should not`(kind: UInt8, stream: UInt32, payload: String) {
        refuse(frame(kind, stream, payload), .protocolError)
    }

    @Test func `data is told as it arrives`() throws {
        var decoder = FrameDecoder()
        decoder.feed(ByteBuffer(bytes: header(5, 0, 1, 1) + [0x61, 0x62]))
        let first = try #require(try decoder.next())
        #expect(first.payload.bytes == [0x61, 0x62])
        #expect(!first.isLast && !first.endsStream && first.isFirst)
        #expect(try decoder.next() == nil)
        decoder.feed(ByteBuffer(bytes: [0x63, 0x64, 0x65]))
        let second = try #require(try decoder.next())
        #expect(second.isLast && second.endsStream && !second.isFirst)
        #expect(second.flowControlled == 3)
    }
}

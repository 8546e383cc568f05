// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header blocks as RFC 7541 prints them, and those that end a connection.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyHTTP

struct HPACKDecoderTests {
    private func decode(
        _ block: [UInt8],
        _ decoder: inout HPACKDecoder,
        _ limits: MessageLimits = MessageLimits()
    ) -> Result<FieldSection, HTTP2ErrorCode> {
        var section = FieldSection()
        do throws(HTTP2ErrorCode) {
            try decoder.decode(block.span, limits: limits, into: &section)
            return .success(section)
        } catch {
            return .failure(error)
        }
    }

    private func expect(
        _ block: [UInt8],
        _ decoder: inout HPACKDecoder,
        _ texts: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let result = decode(block, &decoder).map(\.texts)
        #expect(result == .success(texts), sourceLocation: sourceLocation)
    }

    private func expect(
        _ block: BlockWriter,
        _ error: HTTP2ErrorCode,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var decoder = HPACKDecoder(tableBytes: 4096)
        guard case .failure(error) = decode(block.bytes, &decoder) else {
            Issue.record("not refused", sourceLocation: sourceLocation)
            return
        }
    }

    // MARK: Examples

    // RFC 7541 appendices C.3 and C.4.
    @Test(arguments: [
        [
            "828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
            "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
        ],
        [
            "828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
            "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        ],
    ])
    func `three requests on one connection`(blocks: [String]) {
        var decoder = HPACKDecoder(tableBytes: 4096)
        let get = [":method: GET", ":scheme: http", ":authority: www.example.com", ":path: /"]
        expect([UInt8](hex: blocks[0]), &decoder, get)
        expect([UInt8](hex: blocks[1]), &decoder, get + ["cache-control: no-cache"])
        let last = [":method: GET", ":scheme: https", ":authority: www.example.com", ":path: /index.html"]
        expect([UInt8](hex: blocks[2]), &decoder, last + ["custom-key: custom-value"])
    }

    // RFC 7541 appendices C.5 and C.6, whose table of 256 bytes has to drop lines.
    @Test(arguments: [
        [
            """
            4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f
            7777772e6578616d706c652e636f6d
            """, "4803333037c1c0bf",
            """
            88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b42
            5a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31
            """,
        ],
        [
            """
            488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3
            """, "4883640effc1c0bf",
            """
            88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f
            3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007
            """,
        ],
    ])
    func `three answers and a small table`(blocks: [String]) {
        var decoder = HPACKDecoder(tableBytes: 256)
        var resize = BlockWriter()
        resize.tableSize(256)
        let lines = [
            "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com",
        ]
        expect(resize.bytes + [UInt8](hex: blocks[0]), &decoder, [":status: 302"] + lines)
        expect([UInt8](hex: blocks[1]), &decoder, [":status: 307"] + lines)
        let last = [
            ":status: 200", lines[0], "date: Mon, 21 Oct 2013 20:13:22 GMT", lines[2], "content-encoding: gzip",
            "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
        ]
        expect([UInt8](hex: blocks[2]), &decoder, last)
    }

    @Test(arguments: BlockWriter.Indexing.allCases, [false, true])
    func `a literal field`(indexing: BlockWriter.Indexing, isHuffman: Bool) {
        var decoder = HPACKDecoder(tableBytes: 4096)
        var block = BlockWriter()
        block.literal("x-a", "b", indexing, isHuffman: isHuffman)
        block.literal(nameOf: 58, "curl", indexing, isHuffman: isHuffman)
        block.literal("x-empty", "", indexing, isHuffman: isHuffman)
        let lines = ["x-a: b", "user-agent: curl", "x-empty: "]
        expect(block.bytes, &decoder, lines)
        var again = BlockWriter()
        for index in [64, 63, 62] { again.indexed(index) }
        if indexing == .incremental {
            expect(again.bytes, &decoder, lines)
        } else {
            expect(again, .compressionError)
        }
    }

    // MARK: Blocks that cannot be decoded

    @Test(arguments: [0, 62, 1 << 20])
    func `an index that nothing has`(index: Int) {
        var block = BlockWriter()
        block.indexed(index)
        expect(block, .compressionError)
        guard index > 0 else { return }
        var literal = BlockWriter()
        literal.literal(nameOf: index, "x")
        expect(literal, .compressionError)
    }

    @Test(arguments: [
        "ff", "ffff", "ff80808080808000", "ffffffffffffffffffff7f", "7f8080808080", "0f", "00", "0001", "000161",
        "0005616161", "00ff80808080800f61", "0081ff", "1f", "3f", "3fff", "3fffffffffffff01",
    ])
    func `numbers and strings without an end, and those too large`(hex: String) {
        var block = BlockWriter()
        block.raw([UInt8](hex: hex))
        expect(block, .compressionError)
    }

    @Test func `a Huffman string that is none`() {
        var block = BlockWriter()
        block.raw([0x00, 0x01, 0x61, 0x81, 0x00])
        expect(block, .compressionError)
    }

    @Test func `every beginning of a block is a block or refused`() {
        let whole = [UInt8](hex: "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")
        for length in 0..<whole.count {
            var decoder = HPACKDecoder(tableBytes: 4096)
            var section = FieldSection()
            try? decoder.decode(Array(whole[..<length]).span, limits: MessageLimits(), into: &section)
        }
    }

    // MARK: Table sizes

    @Test func `a table's size changes at the beginning of a block only`() {
        var block = BlockWriter()
        block.indexed(2)
        block.tableSize(0)
        expect(block, .compressionError)
    }

    @Test func `a table does not become larger than announced`() {
        for (announced, size, isAllowed) in [(4096, 4096, true), (4096, 4097, false), (65536, 65536, true)] {
            var decoder = HPACKDecoder(tableBytes: announced)
            decoder.settingsAcknowledged()
            var block = BlockWriter()
            block.tableSize(size)
            block.indexed(2)
            let texts = try? decode(block.bytes, &decoder).get().texts
            #expect((texts == [":method: GET"]) == isAllowed)
        }
    }

    @Test func `what is announced counts from its acknowledgement on`() {
        var decoder = HPACKDecoder(tableBytes: 100)
        var before = BlockWriter()
        before.tableSize(4096)
        before.literal("x-a", "b", .incremental)
        expect(before.bytes, &decoder, ["x-a: b"])
        decoder.settingsAcknowledged()
        var silent = decoder
        #expect((try? decode([0x82], &silent).get()) == nil)
        var after = BlockWriter()
        after.tableSize(100)
        after.indexed(62)
        expect(after.bytes, &decoder, ["x-a: b"])
        expect([0x82], &decoder, [":method: GET"])
    }

    @Test func `a table that is made smaller forgets`() {
        var decoder = HPACKDecoder(tableBytes: 4096)
        var first = BlockWriter()
        first.literal("x-a", "b", .incremental)
        first.literal("x-c", "d", .incremental)
        expect(first.bytes, &decoder, ["x-a: b", "x-c: d"])
        var second = BlockWriter()
        second.tableSize(40)
        second.tableSize(4096)
        second.indexed(62)
        expect(second.bytes, &decoder, ["x-c: d"])
        var gone = BlockWriter()
        gone.indexed(63)
        #expect((try? decode(gone.bytes, &decoder).get()) == nil)
    }

    @Test func `a name may come from the very entry that has to go`() {
        var decoder = HPACKDecoder(tableBytes: 4096)
        var first = BlockWriter()
        first.tableSize(40)
        first.literal("x-a", "b", .incremental)
        expect(first.bytes, &decoder, ["x-a: b"])
        var second = BlockWriter()
        second.literal(nameOf: 62, "c", .incremental)
        second.indexed(62)
        expect(second.bytes, &decoder, ["x-a: c", "x-a: c"])
    }

    // MARK: Limits

    @Test func `a head at the limit is kept, one beyond it is not, and the table goes on`() {
        var limits = MessageLimits()
        // 32 bytes for each field beside its name and value.
        limits.headBytes = 2 * (32 + 4)
        for extra in 0...1 {
            var decoder = HPACKDecoder(tableBytes: 4096)
            var block = BlockWriter()
            block.literal("x-a", "b", .incremental)
            block.literal("x-c", String(repeating: "d", count: 1 + extra), .incremental)
            let section = try? decode(block.bytes, &decoder, limits).get()
            #expect(section?.isTooLarge == (extra == 1))
            #expect(section?.texts.count == 2 - extra)
            expect([0xBE, 0xBF], &decoder, ["x-c: " + String(repeating: "d", count: 1 + extra), "x-a: b"])
        }
    }

    @Test func `so many lines and no more, among them the Host and the cookies together`() {
        var limits = MessageLimits()
        limits.headerLines = 4
        let fields = [":method: GET", ":authority: h", "x-a: 1", "cookie: a", "cookie: b", "x-b: 2", "cookie: c"]
        #expect(!FieldSection.of(BlockWriter(fields).bytes, limits).isTooLarge)
        let section = FieldSection.of(BlockWriter(fields + ["x-c: 3"]).bytes, limits)
        #expect(section.isTooLarge)
        #expect(section.headers.lines.count == 3)
    }

    @Test func `a bomb ends the connection before it costs more than some limits' worth`() {
        var decoder = HPACKDecoder(tableBytes: 4096)
        var fuse = BlockWriter()
        fuse.literal("x-a", String(repeating: "b", count: 4000), .incremental)
        expect(fuse.bytes, &decoder, ["x-a: " + String(repeating: "b", count: 4000)])
        let bomb = [UInt8](repeating: 0xBE, count: 16_000)
        var section = FieldSection()
        #expect(throws: HTTP2ErrorCode.enhanceYourCalm) {
            try decoder.decode(bomb.span, limits: MessageLimits(), into: &section)
        }
        #expect(section.isTooLarge)
        #expect(section.headers.bytes.count <= 64 * 1024)
        // Well above the limit, and still only too large.
        let large = [UInt8](repeating: 0xBE, count: 16 * 60 * 1024 / 4035)
        #expect((try? decode(large, &decoder).get().isTooLarge) == true)
    }
}

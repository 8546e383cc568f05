// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Header blocks and frames of HTTP/2 from a small grammar: mostly right, often odd, sometimes damaged.

internal import TestSupport

enum FieldGrammar {
    private static let pseudo = [
        (":method", ["GET", "GET", "POST", "CONNECT", "OPTIONS", "HEAD", "brew", "G T", ""]),
        (":scheme", ["http", "https", "HTTP", "ftp", ""]),
        (":authority", ["h", "example.com:8080", "[::1]:80", "h:443", "", "a@b", "a,b", ":80"]),
        (":path", ["/", "/a?b", "*", "/a#b", "a", "", "/a b", "http://h/"]),
    ]
    private static let fields = [
        ("content-length", "0"), ("content-length", "5"), ("content-length", "05"), ("content-length", "5,5"),
        ("transfer-encoding", "chunked"), ("connection", "close"), ("upgrade", "h2c"), ("keep-alive", "5"),
        ("te", "trailers"), ("te", "gzip"), ("host", "h"), ("host", "other"), ("cookie", "a=b"), ("cookie", "c"),
        ("cookie", ""), ("expect", "100-continue"), ("x-request-id", "r"), ("accept", "a"), ("accept", "b"),
        ("x-a", "1"), ("x-a", " 1"), ("x-a", "a\r\nx-b: 2"), ("x-a", "\0"), ("X-A", "1"), ("", "1"), ("x_a", "1"),
        ("x-b", "é\u{80}"), ("http2-settings", "a"), ("proxy-connection", "x"), (":protocol", "websocket"),
        (":path", "/"), (":status", "200"), (":x", "1"), ("grpc-status", "0"), ("set-cookie", "a"), ("x:y", "1"),
    ]
    private static let statuses = ["200", "200", "204", "304", "100", "101", "503", "20", "2000", "099"]

    private static let mutator = ByteMutator(["\0", "\u{7F}", "?", "A", "\r\n", ":path", "host", "\u{3F}\u{61}\u{1F}"])

    static func block(_ dice: inout SeededGenerator) -> [UInt8] {
        if dice.chance(percent: 3) { return dice.bytes(below: 100) }
        var block = BlockWriter()
        if dice.chance(percent: 5) { block.tableSize(dice.pick([0, 50, 4096, 5000])) }
        var chosen: [(String, String)] = []
        if dice.chance(percent: 30) {
            chosen.append((":status", dice.pick(statuses)))
        } else {
            for (name, values) in pseudo where !dice.chance(percent: 4) {
                chosen.append((name, dice.chance(percent: 80) ? values[0] : dice.pick(values)))
            }
        }
        for _ in 0..<dice.number(below: 4) {
            let isPlain = dice.chance(percent: 60)
            chosen.append(isPlain ? ("x-\(dice.number(below: 5))", "v") : dice.pick(fields))
        }
        if dice.chance(percent: 5) { chosen.shuffle(using: &dice) }
        for (name, value) in chosen {
            block.literal(name, value, dice.pick(BlockWriter.Indexing.allCases), isHuffman: dice.chance(percent: 40))
            if dice.chance(percent: 5) { block.indexed(dice.pick([1, 2, 8, 32, 61, 62, 63, 64, 1000])) }
        }
        return dice.chance(percent: 15) ? mutator.damage(block.bytes, &dice) : block.bytes
    }

    static func frames(_ dice: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<1 + dice.number(below: 5) { bytes += frame(&dice) }
        return dice.chance(percent: 40) ? mutator.damage(bytes, &dice) : bytes
    }

    private static func frame(_ dice: inout SeededGenerator) -> [UInt8] {
        let kind = dice.chance(percent: 60) ? UInt8(dice.number(below: 2)) : UInt8(dice.number(below: 11))
        let usual = [40, 10, 5, 4, 6 * dice.number(below: 4), 4, 8, 12, 4, 20, 9]
        var payload = dice.bytes(below: 40)
        if kind > 1 || payload.isEmpty {
            payload = (0..<usual[Int(kind)]).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        }
        // Padding that mostly fits, in front of which there is its length.
        if kind < 2 { payload[0] = UInt8(dice.number(below: payload.count + 1)) }
        let flags = kind == 4 ? 0 : dice.pick([0, 1, 4, 5, 8, 9, 0x20, 0x28] as [UInt8])
        let isOfConnection = kind == 4 || kind == 6 || kind == 7
        let stream: UInt8 = isOfConnection ? 0 : dice.pick([1, 3, 5, 1, 3, 5, 1, 3, 5, 0])
        return [0, 0, UInt8(payload.count), kind, flags, 0, 0, 0, stream] + payload
    }
}

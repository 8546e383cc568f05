// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// First messages of TLS, whole or damaged.

internal import TestSupport

package enum HelloGrammar {
    /// A ClientHello in as many records as chance wants.
    static func records(_ dice: inout SeededGenerator) -> [UInt8] {
        if dice.chance(percent: 5) { return dice.bytes(below: 40) }
        let hello = clientHello(
            name: dice.chance(percent: 70) ? dice.text(["a", "Shop", ".", "example", "-1"], below: 6) : nil,
            protocols: dice.chance(percent: 60) ? ["h2", "http/1.1"] : []
        )
        let bytes = records(hello, largest: dice.chance(percent: 60) ? 16_384 : 1 + dice.number(below: 60))
        return damaged(bytes, &dice)
    }

    private static func damaged(_ bytes: [UInt8], _ dice: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        if dice.chance(percent: 30) { bytes[dice.number(below: bytes.count)] = UInt8(dice.number(below: 256)) }
        if dice.chance(percent: 15) { bytes.removeLast(dice.number(below: bytes.count)) }
        return bytes
    }

    /// The message alone.
    ///
    /// - Source: RFC 8446 section 4.1.2.
    package static func clientHello(name: String?, protocols: [String], signatures: [UInt16] = [0x0403]) -> [UInt8] {
        var extensions: [UInt8] = []
        if let name { extensions += field(0, vector16([0] + vector16(Array(name.utf8)))) }
        extensions += field(13, vector16(signatures.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }))
        if !protocols.isEmpty { extensions += field(16, vector16(protocols.flatMap { vector8(Array($0.utf8)) })) }
        var body: [UInt8] = [3, 3] + Array(repeating: 7, count: 32)
        body += vector8(Array(repeating: 9, count: 32)) + vector16([0x13, 0x01]) + vector8([0])
        body += vector16(extensions)
        return message(1, body)
    }

    package static func records(_ message: [UInt8], largest: Int = 16_384) -> [UInt8] {
        stride(from: 0, to: message.count, by: largest).flatMap { start -> [UInt8] in
            [22, 3, 1] + vector16(Array(message[start..<min(start + largest, message.count)]))
        }
    }

    /// What a server answers with, in either version.
    static func answer(_ dice: inout SeededGenerator) -> [UInt8] {
        if dice.chance(percent: 5) { return dice.bytes(below: 40) }
        return damaged(dice.chance(percent: 50) ? answer13(isResumed: dice.chance(percent: 30)) : answer12(), &dice)
    }

    /// TLS 1.3 with AES-256-GCM on X25519.
    package static func answer13(isResumed: Bool) -> [UInt8] {
        var extensions = field(43, [3, 4]) + field(51, [0, 0x1D] + vector16(Array(repeating: 5, count: 32)))
        if isResumed { extensions += field(41, [0, 0]) }
        return records(serverHello(0x1302, extensions)) + [20, 3, 3, 0, 1, 1] + [23, 3, 3, 0, 4, 1, 2, 3, 4]
    }

    /// TLS 1.2 with AES-128-GCM and ECDHE on P-256.
    package static func answer12() -> [UInt8] {
        let certificate = message(11, [0, 0, 0])
        let exchange = message(12, [3, 0, 0x17] + vector8(Array(repeating: 4, count: 65)))
        return records(serverHello(0xC02F, []) + certificate + exchange + message(14, []))
    }

    private static func serverHello(_ suite: UInt16, _ extensions: [UInt8]) -> [UInt8] {
        let random = [UInt8](repeating: 8, count: 32)
        let body = [3, 3] + random + vector8([1, 2, 3]) + [UInt8(suite >> 8), UInt8(suite & 255), 0]
        return message(2, body + vector16(extensions))
    }

    private static func message(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] {
        [kind, UInt8(body.count >> 16), UInt8(body.count >> 8 & 255), UInt8(body.count & 255)] + body
    }

    private static func field(_ kind: UInt16, _ body: [UInt8]) -> [UInt8] {
        [UInt8(kind >> 8), UInt8(kind & 255)] + vector16(body)
    }

    private static func vector8(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count)] + bytes }

    private static func vector16(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is known of a handshake does not depend on how it arrives.

import FuzzTargets
import NIOCore
import NIOEmbedded
import Testing

@testable import UnderstudyHTTP

struct HandshakeWatchTests {
    private func watch(_ bytes: [UInt8], size: Int, isServer: Bool) throws -> HandshakeWatch {
        let watch = HandshakeWatch(isServer: isServer)
        let channel = EmbeddedChannel(handler: watch)
        var passed = 0
        for start in stride(from: 0, to: bytes.count, by: size) {
            try channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            passed += try channel.readInbound(as: ByteBuffer.self)?.readableBytes ?? 0
        }
        #expect(passed == bytes.count)
        _ = try channel.finish()
        return watch
    }

    @Test(arguments: [HelloGrammar.answer12(), HelloGrammar.answer13(isResumed: true)])
    func `a server's first words are known, in whatever pieces they come`(answer: [UInt8]) throws {
        let whole = try #require(try watch(answer, size: answer.count, isServer: false).serverHello)
        for size in 1...7 {
            #expect(try watch(answer, size: size, isServer: false).serverHello == whole, "\(size) bytes at a time")
        }
    }

    @Test func `a client's first words are known, in whatever pieces they come`() throws {
        let bytes = HelloGrammar.records(HelloGrammar.clientHello(name: "shop.example", protocols: ["h2"]), largest: 20)
        for size in [1, 2, 3, bytes.count] {
            #expect(try watch(bytes, size: size, isServer: true).clientHello?.serverName == "shop.example")
        }
    }
}

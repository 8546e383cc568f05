// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The names of what was agreed on, as the server's first words tell them.

import FuzzTargets
import Testing

@testable import UnderstudyHTTP

struct ServerHelloTests {
    private func reading(_ bytes: [UInt8]) -> ServerHello.Reading {
        ServerHello.read(bytes.span)
    }

    private func read(_ bytes: [UInt8]) -> ServerHello? {
        for count in 0..<bytes.count {
            guard case .hello(let hello) = reading(Array(bytes[..<count])) else { continue }
            #expect(reading(bytes) == .hello(hello))
            return hello
        }
        if case .hello(let hello) = reading(bytes) { return hello }
        return nil
    }

    @Test func `TLS 1-3 tells its cipher and its group at once`() throws {
        let hello = try #require(read(HelloGrammar.answer13(isResumed: false)))
        #expect(hello.cipherSuite == 0x1302 && hello.group == 0x1D && !hello.isResumed)
        #expect(hello.sessionID == [1, 2, 3])
    }

    @Test func `TLS 1-3 tells that a session is one of before`() throws {
        #expect(try #require(read(HelloGrammar.answer13(isResumed: true))).isResumed)
    }

    @Test func `TLS 1-2 tells its group with its key`() throws {
        let hello = try #require(read(HelloGrammar.answer12()))
        #expect(hello.cipherSuite == 0xC02F && hello.group == 0x17 && !hello.isResumed)
    }

    @Test(arguments: [HelloGrammar.answer12(), HelloGrammar.answer13(isResumed: true)])
    func `one byte at a time says the same`(bytes: [UInt8]) {
        var reader = ServerHello.Reader()
        let readings = bytes.map { reader.read([$0].span) }.filter { $0 != .needsMore }
        #expect(readings.first == reading(bytes))
    }

    @Test func `what has no end is looked at up to a bound`() {
        var reader = ServerHello.Reader()
        // Records of one byte, of a message that is larger than all of them.
        let piece: [UInt8] = [22, 3, 3, 0, 1, 2]
        let most = ServerHello.mostBytes / piece.count
        for _ in 0..<most { #expect(reader.read(piece.span) == .needsMore) }
        #expect(reader.read(piece.span) == .unknown)
    }

    @Test func `what is no handshake is not known`() {
        #expect(reading(Array("HTTP/1.1 400 Bad Request\r\n".utf8)) == .unknown)
        // An alert.
        #expect(reading(([21, 3, 3, 0, 2, 2, 40] as [UInt8])) == .unknown)
    }
}

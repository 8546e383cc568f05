// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a client says first, however it arrives.

import FuzzTargets
import Testing

@testable import UnderstudyHTTP

struct ClientHelloTests {
    private func reading(_ bytes: [UInt8]) -> ClientHello.Reading {
        ClientHello.read(bytes.span)
    }

    private let message = HelloGrammar.clientHello(name: "Shop.Example", protocols: ["h2", "http/1.1"])

    private func expected() -> ClientHello {
        var hello = ClientHello()
        hello.serverName = "shop.example"
        hello.applicationProtocols = ["h2", "http/1.1"]
        hello.acceptsECDSA = true
        return hello
    }

    @Test(arguments: [16_384, 100, 7, 3]) func `byte by byte and in any records it is the same`(largest: Int) {
        let bytes = HelloGrammar.records(message, largest: largest)
        for count in 0..<bytes.count {
            #expect(reading(Array(bytes[..<count])) == .needsMore, "\(count) bytes")
        }
        #expect(reading(bytes) == .hello(expected()))
    }

    @Test(arguments: [16_384, 300])
    func `byte by byte all of it is looked at once, and the heads of its records each time`(largest: Int) {
        let names = (0..<1000).map { "protocol-\($0)" }
        let message = HelloGrammar.clientHello(name: "shop.example", protocols: names)
        let bytes = HelloGrammar.records(message, largest: largest)
        let records = (bytes.count + largest - 1) / largest
        var reader = RecordReader(mostRecords: ClientHello.mostRecords)
        for count in 1..<bytes.count {
            #expect(ClientHello.read(bytes.span.extracting(0..<count), by: &reader) == .needsMore)
        }
        guard case .hello(let hello) = ClientHello.read(bytes.span, by: &reader) else {
            Issue.record("it was not read")
            return
        }
        #expect(hello.applicationProtocols == names)
        // Five bytes of each record's head, and the four of the message's, in each look.
        #expect(reader.lookedAt <= bytes.count * (9 * records + 1), "\(reader.lookedAt) for \(bytes.count)")
    }

    @Test func `what follows it is left alone`() {
        let bytes = HelloGrammar.records(message) + [23, 3, 3, 0, 1, 7]
        #expect(reading(bytes) == .hello(expected()))
    }

    @Test func `a request in plain text is known by its first byte`() {
        #expect(reading(Array("G".utf8)) == .plainText)
        #expect(reading(Array("PRI * HTTP/2.0".utf8)) == .plainText)
        #expect(reading(([22, 2] as [UInt8])) == .plainText)
    }

    @Test func `names that are none are malformed`() {
        for name in ["", "a b", "a\u{0}b", "ä.example", String(repeating: "a", count: 256)] {
            let bytes = HelloGrammar.records(HelloGrammar.clientHello(name: name, protocols: []))
            #expect(reading(bytes) == .malformed, "\(name)")
        }
    }

    @Test func `a message that says that it is too long is not waited for`() {
        let length = ClientHello.mostBytes
        let header: [UInt8] = [22, 3, 1, 0x40, 0, 1, 0, UInt8(length >> 8), UInt8(length & 255)]
        #expect(reading(header) == .malformed)
    }

    @Test func `many tiny records are given up`() {
        let bytes = HelloGrammar.records(message, largest: 1)
        #expect(reading(bytes) == .malformed)
    }

    @Test func `an empty record is no part of a handshake`() {
        #expect(reading(([22, 3, 1, 0, 0] as [UInt8])) == .malformed)
    }

    @Test func `a client without ECDSA is known`() {
        let bytes = HelloGrammar.records(HelloGrammar.clientHello(name: nil, protocols: [], signatures: [0x0804]))
        #expect(reading(bytes) == .hello(ClientHello()))
    }
}

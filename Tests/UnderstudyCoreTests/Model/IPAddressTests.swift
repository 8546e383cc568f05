// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An address that is read wrongly is a stranger who is trusted.

import Testing
import UnderstudyCore

struct IPAddressTests {
    private func text(_ text: String) -> String? {
        IPAddress(Array(text.utf8)).map { String(decoding: $0.text, as: UTF8.self) }
    }

    @Test(arguments: [
        "0.0.0.0", "1.2.3.4", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4",
        "::1.2.3.4", "64:ff9b::102:304", "2001:db8:0:1:1:1:1:1", "1:0:0:2::3", "fe80::1234", "0:1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:0", "::2:0:0:3", "0:2:3:4:5:6:7:8",
    ])
    func `an address is told in the form that everybody writes`(address: String) {
        #expect(text(address) == address)
    }

    @Test(arguments: [
        ("2001:DB8::0:1", "2001:db8::1"), ("0:0:0:0:0:0:0:0", "::"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::ffff:0102:0304", "::ffff:1.2.3.4"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("0001::00ab", "1::ab"),
    ])
    func `other spellings mean the same`(spelling: String, address: String) {
        #expect(text(spelling) == address)
    }

    @Test(arguments: [
        "", " ", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1.2.3.4:80",
        "0x1.2.3.4", "[::1]", ":", ":::", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", "::1:", "1:2:3:4:5:6:7:8::", "12345::",
        "::g", ":1:2:3:4:5:6:7", "::1.2.3.4:5", "1.2.3.4::", "fe80::1%eth0", "1:2:3:4:5:6:7:1.2.3.4", "unknown",
        String(repeating: "1:", count: 40),
    ])
    func `what is no address is none`(text: String) {
        #expect(IPAddress(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.1", true), ("128.0.0.1", false), ("::1", true), ("::2", false),
        ("::ffff:127.0.0.1", false),
    ])
    func `an address knows whether it is of this machine`(text: String, isLoopback: Bool) {
        #expect(IPAddress(Array(text.utf8))?.isLoopback == isLoopback)
    }

    @Test func `an IPv4 address is found behind its IPv6 name`() {
        let address = IPAddress(Array("::ffff:127.0.0.1".utf8))?.unmapped
        #expect(address?.text == Array("127.0.0.1".utf8))
        #expect(address?.isLoopback == true)
    }

    @Test(arguments: [
        ("10.0.0.0", 8, "10.255.0.1", true), ("10.0.0.0", 8, "11.0.0.1", false), ("10.0.0.0", 0, "9.9.9.9", true),
        ("192.168.1.128", 25, "192.168.1.200", true), ("192.168.1.128", 25, "192.168.1.1", false),
        ("10.0.0.0", 33, "10.0.0.0", true), ("10.0.0.0", 33, "10.0.0.1", false),
        ("10.0.0.0", 8, "::ffff:10.0.0.1", false), ("2001:db8::", 32, "2001:db8:1::", true),
        ("2001:db8::", 32, "2001:db9::", false), ("2001:db8:0:0:8000::", 65, "2001:db8:0:0:ffff::", true),
        ("2001:db8:0:0:8000::", 65, "2001:db8:0:0:7fff::", false), ("::1", 128, "::1", true),
        ("::", 0, "1.2.3.4", false),
    ])
    func `a range holds the addresses of its family that begin alike`(
        network: String,
        length: Int,
        address: String,
        isInside: Bool
    ) throws {
        let bytes = try #require(Self.bytes(network))
        let address = try #require(IPAddress(Array(address.utf8)))
        #expect(AddressRange(address: bytes, prefixLength: length).contains(address) == isInside)
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        switch text {
        case "10.0.0.0": [10, 0, 0, 0]
        case "192.168.1.128": [192, 168, 1, 128]
        case "2001:db8::": [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 12)
        case "2001:db8:0:0:8000::": [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0x80] + [UInt8](repeating: 0, count: 7)
        case "::1": [UInt8](repeating: 0, count: 15) + [1]
        case "::": [UInt8](repeating: 0, count: 16)
        default: nil
        }
    }
}

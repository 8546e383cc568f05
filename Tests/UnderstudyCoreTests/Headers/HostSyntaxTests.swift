// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A Host that two hops could read differently is refused.

import Testing
import UnderstudyCore

struct HostSyntaxTests {
    private func isValid(_ host: [UInt8]) -> Bool {
        let bytes = [0x3A] + host + [0x3A]
        return HostSyntax.isValid(bytes.span, 1..<bytes.count - 1)
    }

    @Test(arguments: [
        "", "h", "example.com", "Example.COM.", "a-b_c~d", "10.1.2.3", "xn--bcher-kva.example", "h:0", "h:80",
        "h:65535", "h:99999", "h:", "[::1]", "[::1]:8080", "[::1]:", "[::]", "[2001:DB8::a]", "[::ffff:10.0.0.1]:1",
        "a%20b", "%41.%7Ea", "!$&'()*+;=", "[1:2:3:4:5:6:7:8]", "[1::8]",
    ])
    func `a name or address with or without a port is a Host`(host: String) {
        #expect(isValid(Array(host.utf8)))
    }

    @Test(arguments: [
        "user@host", "user:pass@host", "host:80:90", "h:8a", "h:-1", "h:+1", "h: 80", "h:80 ", "h 1", " h", "h\t",
        "a,b", "a, b", "::1", "[::1", "::1]", "[::1]]", "[[::1]]", "[]", "[:]", "[1]", "[::1]x", "[::1]80", "[::g]",
        "[::1%25eth0]", "[v1.a]", "[::1]:8a", "x[::1]", "h/", "h/path", "http://h", "h?q", "h#f", "h\\", "\"h\"", "<h>",
        "[:::]", "[1::2::3]", "[1:2:3:4:5:6:7:8:9]", "[12345::]", "[1.2.3.4]", "[::1.2.3]", "[::256.0.0.1]", "%", "h%",
        "h%4", "h%zz", "h%4g", "%%41", "h%:80", "h%4:80",
        "h\u{0}", "h\u{7F}", "bücher", "h\r", "h\n", "{h}", "h|", "h^", "`h`",
    ])
    func `anything else is none`(host: String) {
        #expect(!isValid(Array(host.utf8)))
    }

    @Test func `a name is made of these bytes only`() {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+;=".utf8)
        for byte in UInt8.min...UInt8.max where byte != 0x3A {
            #expect(isValid([0x61, byte, 0x61]) == allowed.contains(byte), "byte \(byte)")
        }
    }

    @Test func `a range outside of the bytes is no Host`() {
        let bytes = Array("h".utf8)
        let (behind, before) = (HostSyntax.isValid(bytes.span, 0..<2), HostSyntax.isValid(bytes.span, -1..<1))
        #expect(!behind)
        #expect(!before)
    }
}

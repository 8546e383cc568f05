// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// IP addresses, told from names as strictly as Envoy does.

import Testing

@testable import UnderstudyConfig

@Suite struct IPLiteralTests {
    @Test(arguments: [
        "0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "ABCD::ef", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "fe80::1%lo", "fe80::1%1", "febf::%x",
    ])
    func `an address is one`(text: String) {
        #expect(isIPLiteral(text))
    }

    @Test(arguments: [
        "", "localhost", "[::1]", "127.0.0.1.", "127.0.0.01", "127.1", "256.0.0.1", "1.2.3.4 ", "0x7f.0.0.1",
        "1.2.3.4:80",
        "::1::", "1:2:3:4:5:6:7", "1::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "12345::", "::1.2.3", "1.2.3.4::", ":::",
        ":", ":1",
        "1:", "::%lo", "fe80::1%", "::1%lo%lo", "fec0::1%lo", "::g", "1.2.3.4%lo", "１.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
    ])
    func `anything else is not`(text: String) {
        #expect(!isIPLiteral(text))
    }
}

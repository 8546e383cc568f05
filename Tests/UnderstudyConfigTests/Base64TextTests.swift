// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The notations of bytes that Envoy 1.40 accepts.

import Testing

@testable import UnderstudyConfig

@Suite struct Base64TextTests {
    @Test(arguments: [
        ("", ""), ("YQ==", "YQ=="), ("YQ", "YQ=="), ("YWI", "YWI="), ("YWI=", "YWI="), ("_-8=", "/+8="),
        ("/+8", "/+8="),
        ("YWJj", "YWJj"), ("YR==", "YR=="),
    ])
    func `base64 is`(text: String, canonical: String) {
        #expect(Base64Text.canonical(text) == canonical)
    }

    @Test(arguments: ["Y", "!!", "Y Q==", "YQ=", "YQ===", "====", "é", "YWJjY"])
    func `base64 is not`(text: String) {
        #expect(Base64Text.canonical(text) == nil)
    }
}

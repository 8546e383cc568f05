// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Methods decide framing, so only registered ones pass.

import Testing
import UnderstudyCore

struct MethodTests {
    private func method(_ name: String) -> UnderstudyCore.Method? {
        let bytes = Array("X\(name)X".utf8)
        return UnderstudyCore.Method(bytes.span, 1..<bytes.count - 1)
    }

    @Test(
        arguments: [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("CONNECT", .connect),
            ("OPTIONS", .options), ("TRACE", .trace), ("PATCH", .patch), ("PURGE", .other), ("PROPFIND", .other),
            ("UNSUBSCRIBE", .other), ("ACL", .other), ("MKCALENDAR", .other),
        ] as [(String, UnderstudyCore.Method)]
    )
    func `registered methods are known`(name: String, expected: UnderstudyCore.Method) {
        #expect(method(name) == expected)
    }

    @Test(arguments: ["", "get", "Get", "GE", "GETS", "FOO", "PRI", "G T", "POS", "UNSUBSCRIBER"])
    func `methods are case-sensitive and whole`(name: String) {
        #expect(method(name) == nil)
    }

    @Test(
        arguments: [
            (.get, false), (.head, false), (.delete, false), (.trace, false), (.connect, false),
            (.post, true), (.put, true), (.patch, true), (.options, true), (.other, true),
        ] as [(UnderstudyCore.Method, Bool)]
    )
    func `a missing body is announced by the methods that usually have one`(
        method: UnderstudyCore.Method,
        expected: Bool
    ) {
        #expect(method.announcesEmptyBody == expected)
    }
}

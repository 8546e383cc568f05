// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which name a request has its connection ask for.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyProxy

struct ServerNamesTests {
    private func name(_ lines: [String], header: String = "") -> String {
        var names = ServerNames(header: header)
        let number = names.number(of: RequestHead("GET /", lines)).number
        return String(decoding: names[number], as: UTF8.self)
    }

    @Test(arguments: [
        ("Shop.Example:8443", "shop.example"), ("shop.example", "shop.example"), ("shop.example.", "shop.example."),
        ("127.0.0.1:80", ""), ("[::1]:80", ""), (String(repeating: "a", count: 254), ""),
    ])
    func `the Host without its port`(host: String, name: String) {
        #expect(self.name(["host: \(host)"]) == name)
    }

    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1"), ("[::1]:80", "::1"), ("[::1]", "::1"), ("a.example:1", "a.example"),
    ])
    func `or the address, where certificates have to be for it`(host: String, name: String) {
        var names = ServerNames(header: "", keepsAddresses: true)
        let number = names.number(of: RequestHead("GET /", ["host: \(host)"])).number
        #expect(String(decoding: names[number], as: UTF8.self) == name)
    }

    @Test func `or another header, if there is one`() {
        #expect(name(["host: a.example", "x-name: b.example:1"], header: "x-name") == "b.example")
        #expect(name(["host: a.example"], header: "x-name") == "a.example")
    }

    @Test func `the same name has the same number`() {
        var names = ServerNames(header: "")
        let first = names.number(of: RequestHead("GET /", ["host: a.example"])).number
        let second = names.number(of: RequestHead("GET /", ["host: b.example"])).number
        #expect(first != second)
        #expect(names.number(of: RequestHead("GET /", ["host: A.EXAMPLE:1"])).number == first)
    }

    @Test func `the name that was used least lately is forgotten`() {
        var names = ServerNames(header: "")
        for index in 0..<ServerNames.most {
            #expect(names.number(of: RequestHead("GET /", ["host: h\(index)"])).forgotten == nil)
        }
        let first = names.number(of: RequestHead("GET /", ["host: h0"])).number
        let second = names.number(of: RequestHead("GET /", ["host: new"]))
        #expect(second.forgotten == 2)
        #expect(names[2] == [])
        #expect(names.number(of: RequestHead("GET /", ["host: h0"])).number == first)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which virtual host gets a request is a matter of precedence, and of precedence only.

import TestSupport
import Testing
import UnderstudyCore

struct DomainTableTests {
    private func host(_ domains: String...) -> VirtualHost {
        VirtualHost(name: domains.first ?? "", domains: domains, routes: [])
    }

    private func find(_ name: String, in table: DomainTable) -> Int? {
        // Neighbours on both sides: only the range counts.
        let bytes = Array("x\(name)y".utf8)
        return table.virtualHost(for: bytes.span, 1..<bytes.count - 1)
    }

    /// Every kind of domain, the weakest first, so that file order cannot be what decides.
    private var table: DomainTable {
        DomainTable([
            host("*"),
            host("shop.*"),
            host("shop.example.*"),
            host("*.example.com"),
            host("*.shop.example.com"),
            host("-bar.example.org", "*-bar.example.org"),
            host("shop.example.com", "other.example"),
            host("ported.example:8080"),
        ])
    }

    @Test(arguments: [
        ("shop.example.com", 6),
        ("SHOP.Example.COM", 6),
        ("other.example", 6),
        ("a.example.com", 3),
        ("a.b.example.com", 3),
        ("a.shop.example.com", 4),
        ("foo-bar.example.org", 5),
        ("-bar.example.org", 5),
        ("shop.example.net", 2),
        ("shop.org", 1),
        ("unknown", 0),
        ("", 0),
    ])
    func `exact, longest suffix, longest prefix, then the star`(name: String, index: Int) {
        #expect(find(name, in: table) == index)
    }

    @Test(arguments: [
        (".example.com", 0),
        ("example.com", 0),
        ("shop.", 0),
        ("shop", 0),
    ])
    func `a wildcard stands for at least one character`(name: String, index: Int) {
        #expect(find(name, in: table) == index)
    }

    @Test(arguments: [
        ("shop.example.com:80", 2),
        ("a.example.com:80", 0),
        ("ported.example:8080", 7),
        ("ported.example", 0),
        ("ported.example:80", 0),
    ])
    func `a port is part of the name`(name: String, index: Int) {
        #expect(find(name, in: table) == index)
    }

    @Test(arguments: [
        ("a.example", 0), ("A.EXAMPLE:80", 0), ("a.example:", 0), ("a.example:zz", 0), ("b.other.com:1", 1),
        ("[::1]:80", 2), ("[::1]", 2), ("::1:80", 3), ("x", 3),
    ])
    func `a port may be ignored, but not the domain's own`(name: String, index: Int) {
        let hosts = [host("a.example"), host("*.other.com"), host("[::1]"), host("*"), host("ported:80")]
        let table = DomainTable(hosts, ignoresPort: true)
        #expect(find(name, in: table) == index)
        #expect(find("ported:80", in: table) == 3)
    }

    @Test func `a suffix beats a longer prefix`() {
        let table = DomainTable([host("shop.example.*"), host("*.com")])
        #expect(find("shop.example.com", in: table) == 1)
    }

    @Test func `without a star an unknown name belongs nowhere`() {
        let table = DomainTable([host("a"), host("*.b"), host("c.*")])
        #expect(find("z", in: table) == nil)
        #expect(find("a", in: table) == 0)
    }

    @Test func `a star alone takes everything`() {
        #expect(find("anything:1", in: DomainTable([host("*")])) == 0)
        #expect(find("", in: DomainTable([host("*")])) == 0)
    }

    @Test func `an empty table takes nothing`() {
        #expect(find("a", in: DomainTable([])) == nil)
    }
}

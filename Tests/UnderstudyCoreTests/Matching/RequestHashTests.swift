// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests by hash on a ring of ten must go where Envoy 1.40 was measured to send them.

import TestSupport
import Testing
import UnderstudyCore

struct RequestHashTests {
    private static let ring = BalancingPlan(
        LoadBalancing(.ringHash(LoadBalancing.RingHash())),
        hosts: (0..<10).map { BalancedHost(address: Array("127.0.0.\(1 + $0 % 3):\(21_001 + $0)".utf8)) }
    )

    private static let connection = Array("127.0.0.1:59154127.0.0.1:20900".utf8)

    private func result(
        _ policies: [HashPolicy],
        _ start: String = "GET /",
        _ lines: [String] = [],
        from address: String? = nil
    ) -> RequestHash.Result {
        RequestHash(policies).hash(of: RequestHead(start, ["host: h"] + lines)) {
            RequestHash.Client(address: address.map { Array($0.utf8) }, connection: Self.connection)
        }
    }

    private func endpoint(_ result: RequestHash.Result) -> Int? {
        var balancer = Balancer(Self.ring, seed: 0)
        return result.hash.flatMap { balancer.pick(hash: $0, random: { 0 }, load: { _ in 0 }).host }
    }

    private static let key = HashPolicy(.header(name: "X-Key", rewrite: nil))

    @Test(
        arguments: [
            ([], nil), (["a"], 3), (["b"], 2), ([""], 6),
        ] as [([String], Int?)]
    )
    func `a header is hashed by its value`(values: [String], expected: Int?) {
        #expect(endpoint(result([Self.key], "GET /", values.map { "x-key: \($0)" })) == expected)
    }

    @Test func `the order of lines does not matter`() {
        let ordered = result([Self.key], "GET /", ["x-key: a", "x-key: b", "x-key: c"])
        #expect(ordered == result([Self.key], "GET /", ["x-key: c", "x-key: a", "x-key: b"]))
        #expect(ordered != result([Self.key], "GET /", ["x-key: a,b,c"]))
    }

    @Test(
        arguments: [
            (["ka"], 2), (["ka", "kb"], 7), (["kb", "ka"], 7), (["ka,b"], 7), (["k"], 5), (["k", "k"], 6),
            (["ka", "ka"], 2), (["kc", "ka", "kb"], 5), (["kB", "ka"], 1),
        ] as [([String], Int)]
    )
    func `a rewrite comes before the hash`(values: [String], expected: Int) throws {
        let rewrite = RegexRewrite(pattern: try RegexPattern("^k(.)(.*)$"), substitution: "\\2-\\1")
        let policy = HashPolicy(.header(name: "x-key", rewrite: rewrite))
        #expect(endpoint(result([policy], "GET /", values.map { "x-key: \($0)" })) == expected)
    }

    @Test(
        arguments: [
            (["a"], 0), (["a", "b"], 2), (["b", "a"], 2), (["a,b"], 5), ([""], 9), (["", ""], 1), (["a", "a"], 2),
            (["c", "a", "b"], 0), (["B", "a"], 1),
        ] as [([String], Int)]
    )
    func `a policy that comes twice does not undo itself`(values: [String], expected: Int) {
        let parameter = HashPolicy(.queryParameter(name: "k"))
        let policies = [Self.key, parameter, Self.key]
        #expect(endpoint(result(policies, "GET /combined/", values.map { "x-key: \($0)" })) == expected)
    }

    @Test(
        arguments: [
            ("a", "", 0, 3), ("a", "?k=b", 0, 3), (nil, "?k=b", 2, 2), ("b", "?k=a", 1, 2), (nil, "", nil, nil),
        ] as [(String?, String, Int?, Int?)]
    )
    func `policies are combined up to a terminal one that has a value`(
        value: String?,
        query: String,
        combined: Int?,
        terminal: Int?
    ) {
        let lines = value.map { ["x-key: \($0)"] } ?? []
        let parameter = HashPolicy(.queryParameter(name: "k"))
        let stop = HashPolicy(.header(name: "x-key", rewrite: nil), isTerminal: true)
        #expect(endpoint(result([Self.key, parameter, Self.key], "GET /\(query)", lines)) == combined)
        #expect(endpoint(result([stop, parameter], "GET /\(query)", lines)) == terminal)
    }

    @Test(
        arguments: [
            (":path", "GET /path/", "h", 9), (":path", "GET /path/a", "h", 8), (":path", "GET /path/?k=a", "h", 4),
            (":path", "GET /path/%61", "h", 6), (":path", "GET /other/", "h", 8), (":path", "GET /other/?k=a", "h", 3),
            ("Host", "GET /", "a.example", 3), (":authority", "GET /", "A.example", 5),
            ("host", "GET /", "a.example:80", 3), (":method", "GET /", "h", 0), (":method", "PUT /", "h", 7),
            (":scheme", "GET /", "h", 9),
        ] as [(String, String, String, Int)]
    )
    func `parts of the head are headers, too`(name: String, start: String, host: String, expected: Int) {
        let head = RequestHead(start, ["host: \(host)"])
        let hash = RequestHash([HashPolicy(.header(name: name, rewrite: nil))])
        let result = hash.hash(of: head) { RequestHash.Client(address: nil, connection: []) }
        #expect(endpoint(result) == expected)
    }

    @Test(
        arguments: [
            ("", nil), ("?k", 6), ("?k=", 6), ("?k=a", 3), ("?k=a&k=b", 3), ("?k=b&k=a", 2), ("?k=%61", 2),
            ("?x=1&k=a", 3), ("?K=a", nil), ("?k=a;x", 5),
        ] as [(String, Int?)]
    )
    func `the first query parameter of the name counts as it is written`(query: String, expected: Int?) {
        #expect(endpoint(result([HashPolicy(.queryParameter(name: "k"))], "GET /query/\(query)")) == expected)
    }

    @Test(
        arguments: [("127.0.0.1", 1), ("1.2.3.4", 8), ("::1", 5), ("2001:db8::1", 3), (nil, nil)] as [(String?, Int?)]
    )
    func `the client's address is hashed without a port`(address: String?, expected: Int?) {
        #expect(endpoint(result([HashPolicy(.sourceIP)], from: address)) == expected)
    }

    // MARK: Cookies

    @Test(
        arguments: [
            (["c=abc"], 0), (["x=1; c=abc"], 0), (["x=1;c=abc"], 0), (["c=\"abc\""], 0), (["c=a=b"], 9),
            (["C=abc"], nil), (["c"], nil), (["c="], nil), (["c=;c=abc"], nil), (["c=", "c=abc"], nil),
            (["c=abc", "c=def"], 0), (["c=def; c=abc"], 6), (["c=\"\""], nil), (["c=\""], 0), (["c=abc;"], 0),
            (["c =abc"], nil), (["x=\"c=abc\""], nil), (["c;c=abc"], 0), ([";;c=abc"], 0), (["c= abc"], 0), ([], nil),
        ] as [([String], Int?)]
    )
    func `the first cookie of the name counts, unless it is empty`(cookies: [String], expected: Int?) {
        let policy = HashPolicy(.cookie(name: "c", ttl: nil, path: ""))
        let result = result([policy], "GET /", cookies.map { "cookie: \($0)" })
        #expect(endpoint(result) == expected)
        #expect(result.cookies.isEmpty)
    }

    @Test(
        arguments: [
            (Duration.milliseconds(3_600_500), "/p", "; Max-Age=3600; Path=/p; HttpOnly"), (.zero, "", "; HttpOnly"),
        ]
    )
    func `a client without the cookie gets one, the same for its whole connection`(
        ttl: Duration,
        path: String,
        attributes: String
    ) {
        let policy = HashPolicy(.cookie(name: "c", ttl: ttl, path: path))
        for cookies in [[], ["cookie: c="]] {
            let made = result([policy], "GET /", cookies)
            #expect(made.cookies.map { String(decoding: $0, as: UTF8.self) } == ["c=\"6f7bd380773ca2fc\"" + attributes])
            #expect(endpoint(made) == 9)
        }
        #expect(result([policy], "GET /", ["cookie: c=abc"]).cookies.isEmpty)
        // The next request brings it.
        #expect(endpoint(result([policy], "GET /", ["cookie: c=6f7bd380773ca2fc"])) == 9)
    }

    @Test func `without policies there is no hash`() {
        #expect(result([]).hash == nil)
        #expect(RequestHash([]).isEmpty)
    }
}

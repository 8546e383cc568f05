// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What upstreams and mirrors are told about the client, for every way to configure it; all measured on Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct ForwardingTests {
    private static let id = "x-request-id: 00000000-0000-4000-8000-000000000000"
    private static let proto = "x-forwarded-proto: http"
    /// The proxy's own address.
    private static let own = "192.0.2.7"

    private struct Outcome {
        var origin: RequestOrigin
        var primary: [String]
        var mirror: [String]
    }

    private func forward(
        _ lines: [String],
        peer: String = "127.0.0.1",
        cluster: String = "",
        node: String = "",
        _ configure: (inout ConnectionManager) -> Void
    ) throws -> Outcome {
        var manager = ConnectionManager(statPrefix: "s", routes: RouteConfiguration(name: "r", virtualHosts: []))
        configure(&manager)
        let facts = PeerFacts(
            remote: NetworkAddress(host: Array(peer.utf8), port: 50_000),
            local: NetworkAddress(host: Array(peer.utf8), port: 8080),
            proxy: Array(Self.own.utf8)
        )
        var head = RequestHead("GET /", ["host: h"] + lines)
        let rules = ForwardingRules(manager, serviceCluster: cluster, serviceNode: node)
        let origin = try head.sanitise(rules, peer: facts, requestID: RequestID(0, 0))
        var mirror = RequestHead()
        mirror.copy(head)
        mirror.becomeMirror(host: .unchanged, localAddress: Array(Self.own.utf8))
        return Outcome(
            origin: origin,
            primary: Array(head.headers.texts.dropFirst()),
            mirror: Array(mirror.headers.texts.dropFirst())
        )
    }

    private func client(_ outcome: Outcome) -> String {
        let address = outcome.origin.clientAddress(NetworkAddress(host: Array("peer".utf8), port: 9))
        return String(decoding: address.host, as: UTF8.self) + ":\(address.port)"
    }

    // MARK: The peer is the client

    @Test(arguments: [
        ([], "x-forwarded-for: 192.0.2.7"), (["x-forwarded-for: "], "x-forwarded-for: 192.0.2.7"),
        (["x-forwarded-for: 10.0.0.1, a"], "x-forwarded-for: 10.0.0.1, a,192.0.2.7"),
        (["x-forwarded-for: a", "x-forwarded-for: b"], "x-forwarded-for: a,b,192.0.2.7"),
    ])
    func `a client on the same machine is told under the proxy's address, and mirrors hear of one more hop`(
        lines: [String],
        hops: String
    ) throws {
        let outcome = try forward(lines) { $0.forwarding.usesRemoteAddress = true }
        let rest = [Self.proto, "x-envoy-external-address: 127.0.0.1", Self.id]
        #expect(outcome.primary == [hops] + rest)
        #expect(outcome.mirror == [hops + ",192.0.2.7"] + rest + ["x-envoy-internal: true"])
        #expect(!outcome.origin.isInternal)
    }

    @Test(arguments: [
        ("198.51.100.7", "198.51.100.7", "198.51.100.7"), ("2001:db8::5", "2001:db8::5", "2001:db8::5"),
        ("::1", "192.0.2.7", "::1"), ("::ffff:198.51.100.7", "198.51.100.7", "198.51.100.7"),
    ])
    func `every other client is told under its own`(peer: String, hop: String, external: String) throws {
        let outcome = try forward([], peer: peer) { $0.forwarding.usesRemoteAddress = true }
        #expect(outcome.primary.first == "x-forwarded-for: \(hop)")
        #expect(outcome.primary.contains("x-envoy-external-address: \(external)"))
    }

    @Test func `what the client says about itself is overruled in its place`() throws {
        let lines = [
            "x-request-id: mine", "x-forwarded-proto: https", "x-envoy-external-address: a",
            "x-envoy-external-address: b", "x-forwarded-port: 1", "x-forwarded-port: 2",
        ]
        let outcome = try forward(lines) {
            $0.forwarding.usesRemoteAddress = true
            $0.forwarding.appendsPort = true
        }
        #expect(
            outcome.primary == [
                Self.id, Self.proto, "x-envoy-external-address: 127.0.0.1", "x-forwarded-port: 8080",
                "x-forwarded-for: 192.0.2.7",
            ]
        )
    }

    @Test func `without appending the list stays, and all else is told`() throws {
        let outcome = try forward(["x-forwarded-for: a", "x-forwarded-proto: https"]) {
            $0.forwarding.usesRemoteAddress = true
            $0.forwarding.skipsAppend = true
        }
        let rest = [Self.proto, "x-envoy-external-address: 127.0.0.1", Self.id]
        #expect(outcome.primary == ["x-forwarded-for: a"] + rest)
        #expect(outcome.mirror == ["x-forwarded-for: a,192.0.2.7"] + rest + ["x-envoy-internal: true"])
    }

    @Test(arguments: [
        (1, "203.0.113.9", "203.0.113.9:0"), (2, "203.0.113.9", "peer:9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1:0"),
        (2, "198.51.100.7,198.51.100.1,203.0.113.9", "198.51.100.1:0"), (1, "nonsense", "peer:9"),
        (1, "10.0.0.1", "10.0.0.1:0"),
    ])
    func `behind trusted hops the client is counted from the end, and its protocol believed`(
        hops: Int,
        list: String,
        expected: String
    ) throws {
        let outcome = try forward(["x-forwarded-for: \(list)", "x-forwarded-proto: ftp", "x-forwarded-port: 5"]) {
            $0.forwarding.usesRemoteAddress = true
            $0.forwarding.trustedHops = hops
            $0.forwarding.appendsPort = true
            $0.forwarding.internalRanges = [AddressRange(address: [10, 0, 0, 0], prefixLength: 8)]
        }
        let external = expected.hasPrefix("peer") ? "127.0.0.1" : String(expected.dropLast(2))
        #expect(
            outcome.primary == [
                "x-forwarded-for: \(list),192.0.2.7", "x-forwarded-proto: ftp", "x-forwarded-port: 5",
                "x-envoy-external-address: \(external)", Self.id,
            ]
        )
        #expect(client(outcome) == expected)
    }

    // MARK: The peer is a proxy

    @Test(arguments: [
        ("1.2.3.4", "1.2.3.4:0"), (" 1.2.3.4 , 5.6.7.8 ", "5.6.7.8:0"), ("2001:DB8::0:1", "2001:db8::1:0"),
        ("1.2.3.4,", "peer:9"), (",10.1.1.1", "10.1.1.1:0"), ("1.2.3.4, bad", "peer:9"), ("", "peer:9"),
    ])
    func `the last address of the list is the client, and the list stays`(list: String, expected: String) throws {
        let outcome = try forward(["x-forwarded-for: \(list)"]) { _ in }
        #expect(outcome.primary == ["x-forwarded-for: \(list)", Self.proto, Self.id])
        #expect(client(outcome) == expected)
    }

    @Test(arguments: [
        (["x-forwarded-for: 10.0.0.1"], true), (["x-forwarded-for: 11.0.0.1"], false), ([], false),
        (["x-forwarded-for: 10.0.0.1, 10.0.0.2"], false), (["x-forwarded-for: ,10.0.0.1"], false),
        (["x-forwarded-for: ::ffff:10.0.0.1"], false),
    ])
    func `one trusted address alone makes a request internal`(lines: [String], isInternal: Bool) throws {
        let outcome = try forward(lines + ["x-envoy-internal: false"]) {
            $0.forwarding.internalRanges = [AddressRange(address: [10, 0, 0, 0], prefixLength: 8)]
        }
        #expect(outcome.origin.isInternal == isInternal)
        #expect(outcome.primary == lines + [Self.proto] + (isInternal ? ["x-envoy-internal: true"] : []) + [Self.id])
        #expect(outcome.mirror.count { $0 == "x-envoy-internal: true" } == 1)
    }

    @Test(arguments: [([], true), (["x-forwarded-for: 127.0.0.2"], false)])
    func `a trusted peer that says nothing of others is internal`(lines: [String], isInternal: Bool) throws {
        let outcome = try forward(lines + ["x-request-id: mine"]) {
            $0.forwarding.usesRemoteAddress = true
            $0.forwarding.internalRanges = [AddressRange(address: [127, 0, 0, 0], prefixLength: 8)]
        }
        #expect(outcome.origin.isInternal == isInternal)
        #expect(outcome.primary.contains("x-request-id: mine") == isInternal)
        #expect(outcome.primary.contains("x-envoy-external-address: 127.0.0.1") == !isInternal)
        #expect(outcome.primary.contains("x-envoy-internal: true") == isInternal)
    }

    // MARK: What who may say

    private static let instructions = [
        "x-envoy-retry-on", "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-alt-stat-name",
        "x-envoy-expected-rq-timeout-ms", "x-envoy-force-trace", "x-envoy-ip-tags", "x-envoy-original-url",
        "x-envoy-hedge-on-per-try-timeout",
    ]
    private static let edgeOnly = [
        "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node", "x-envoy-original-path",
        "x-envoy-original-host", "x-envoy-decorator-operation",
    ]
    private static let harmless = [
        "x-envoy-attempt-count", "x-envoy-is-timeout-retry", "x-envoy-foo", "x-client-trace-id",
    ]

    @Test(arguments: [(true, false), (false, false), (false, true)])
    func `outsiders give no instructions, and at the edge tell no names`(isEdge: Bool, isInternal: Bool) throws {
        let names = Self.instructions + Self.edgeOnly + Self.harmless
        let outcome = try forward(["x-forwarded-for: 10.0.0.1"] + names.map { $0 + ": 1" }) {
            $0.forwarding.usesRemoteAddress = isEdge
            if isInternal { $0.forwarding.internalRanges = [AddressRange(address: [10, 0, 0, 0], prefixLength: 8)] }
        }
        let kept = (isInternal ? Self.instructions : []) + (isEdge ? [] : Self.edgeOnly) + Self.harmless
        #expect(outcome.primary.filter { names.contains(String($0.dropLast(3))) } == kept.map { $0 + ": 1" })
    }

    @Test func `the router removes what it was told, but not what it has not read`() {
        var head = RequestHead("GET /", ["host: h"] + Self.instructions.map { $0 + ": 1" })
        head.removeRouterInstructions()
        #expect(
            head.headers.texts == [
                "host: h", "x-envoy-upstream-rq-timeout-ms: 1", "x-envoy-expected-rq-timeout-ms: 1",
                "x-envoy-force-trace: 1", "x-envoy-ip-tags: 1", "x-envoy-original-url: 1",
            ]
        )
    }

    @Test(arguments: [(["x-secret: 1", "x-secret: 2"], false), (["x-secret: 1", "x-forwarded-for: 10.0.0.1"], true)])
    func `what the routes call internal comes from internal clients only`(lines: [String], isKept: Bool) throws {
        let outcome = try forward(lines) {
            $0.routes.internalOnlyHeaders = ["X-Secret"]
            $0.forwarding.internalRanges = [AddressRange(address: [10, 0, 0, 0], prefixLength: 8)]
        }
        #expect(outcome.primary.contains { $0.hasPrefix("x-secret") } == isKept)
    }

    // MARK: Identifier, scheme, port, service, via

    @Test(arguments: [
        (true, true, ["x-request-id: mine"]), (true, false, [id]), (false, false, ["x-request-id: mine"]),
    ])
    func `only at the edge a client's identifier is replaced, unless it is to be preserved`(
        isEdge: Bool,
        preserves: Bool,
        expected: [String]
    ) throws {
        let outcome = try forward(["x-request-id: mine"]) {
            $0.forwarding.usesRemoteAddress = isEdge
            $0.requestID.preservesExternal = preserves
        }
        #expect(outcome.primary.filter { $0.hasPrefix("x-request-id") } == expected)
    }

    @Test(arguments: [([], []), (["x-request-id: mine"], ["x-request-id: mine"])])
    func `no identifier is made up where none is wanted`(lines: [String], expected: [String]) throws {
        let outcome = try forward(lines) {
            $0.forwarding.usesRemoteAddress = true
            $0.requestID.generates = false
        }
        #expect(outcome.primary.filter { $0.hasPrefix("x-request-id") } == expected)
    }

    @Test(arguments: [[], ["x-forwarded-proto: http"], ["x-forwarded-proto: ftp"]])
    func `an overwritten scheme is the scheme`(lines: [String]) throws {
        let outcome = try forward(lines) { $0.forwarding.scheme = .overwrite("https") }
        #expect(outcome.primary == ["x-forwarded-proto: https", Self.id])
    }

    @Test(arguments: [
        ([], [proto, "x-forwarded-port: 8080"]), (["x-forwarded-port: 5"], ["x-forwarded-port: 5", proto]),
        (["x-forwarded-port: "], ["x-forwarded-port: ", proto]),
    ])
    func `a proxy in front knows the port better`(lines: [String], expected: [String]) throws {
        let outcome = try forward(lines) { $0.forwarding.appendsPort = true }
        #expect(outcome.primary == expected + [Self.id])
    }

    @Test(arguments: [
        (
            [],
            ["x-envoy-downstream-service-cluster: edge", "user-agent: edge", "x-envoy-downstream-service-node: edge-1"]
        ),
        (["user-agent: "], ["x-envoy-downstream-service-cluster: edge", "x-envoy-downstream-service-node: edge-1"]),
    ])
    func `the service says its name`(lines: [String], expected: [String]) throws {
        let outcome = try forward(lines, cluster: "edge", node: "edge-1") { $0.addsUserAgent = true }
        #expect(outcome.primary == lines.map { _ in "user-agent: edge" } + [Self.proto] + expected + [Self.id])
    }

    @Test func `the service's name replaces another's, and a client's agent stays`() throws {
        let lines = [
            "user-agent: curl", "x-envoy-downstream-service-cluster: other", "x-envoy-downstream-service-node: n",
        ]
        let named = [
            "user-agent: curl", "x-envoy-downstream-service-cluster: edge", "x-envoy-downstream-service-node: n",
        ]
        #expect(
            try forward(lines, cluster: "edge") { $0.addsUserAgent = true }.primary == named + [Self.proto, Self.id]
        )
        let nameless = ["x-envoy-downstream-service-cluster: ", "user-agent: "]
        #expect(try forward([]) { $0.addsUserAgent = true }.primary == [Self.proto] + nameless + [Self.id])
    }

    @Test(arguments: [
        ([], [proto, "via: 1.1 proxy", id]),
        (["via: 1.0 a", "x-last: 1"], ["via: 1.0 a, 1.1 proxy", "x-last: 1", proto, id]),
        (["via: 1.0 a", "via: 1.0 b", "x-last: 1"], ["via: 1.0 a,1.0 b, 1.1 proxy", "x-last: 1", proto, id]),
    ])
    func `the proxy names itself behind those before it`(lines: [String], expected: [String]) throws {
        #expect(try forward(lines) { $0.forwarding.via = "1.1 proxy" }.primary == expected)
    }

    @Test func `all additions come in one order`() throws {
        let outcome = try forward([], cluster: "k", node: "x") {
            $0.forwarding.usesRemoteAddress = true
            $0.forwarding.appendsPort = true
            $0.forwarding.via = "v"
            $0.forwarding.scheme = .overwrite("https")
            $0.addsUserAgent = true
        }
        #expect(
            outcome.primary == [
                "x-forwarded-for: 192.0.2.7", "x-forwarded-proto: https", "x-forwarded-port: 8080",
                "x-envoy-downstream-service-cluster: k", "user-agent: k", "x-envoy-downstream-service-node: x",
                "via: v",
                "x-envoy-external-address: 127.0.0.1", Self.id,
            ]
        )
    }
}

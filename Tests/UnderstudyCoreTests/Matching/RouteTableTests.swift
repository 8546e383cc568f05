// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The way from a head to its route: the Host's virtual host, then the first route whose path matches.

import TestSupport
import Testing
import UnderstudyCore

struct RouteTableTests {
    private let clusters = NameTable(
        ["zero", "one", "two"].enumerated().map { (name: Array($0.element.utf8), value: $0.offset) }
    )

    private func route(_ match: PathMatch, _ cluster: String, timeout: Duration = .seconds(15)) -> Route {
        Route(match: match, action: RouteAction(cluster: .name(cluster), timeout: timeout))
    }

    private func table(_ routes: Route..., domains: [String] = ["*"]) -> RouteTable {
        RouteTable(
            RouteConfiguration(
                name: "r",
                virtualHosts: [VirtualHost(name: "v", domains: domains, routes: routes)]
            ),
            clusters: clusters
        )
    }

    private func cluster(of target: String, host: String = "h", in table: RouteTable) -> Int? {
        let head = RequestHead("GET \(target)", ["host: \(host)"])
        guard let forward = forward(for: head, in: table) else { return nil }
        guard case .index(let index) = forward.destination(for: head, random: 0).cluster else { return nil }
        return index
    }

    private func forward(for head: RequestHead, in table: RouteTable) -> Forward? {
        guard case .forward(let forward) = table.route(for: head)?.action else { return nil }
        return forward
    }

    @Test func `the first matching route wins, not the most exact`() {
        let table = table(route(.prefix("/a"), "zero"), route(.exact("/ab"), "one"))
        #expect(cluster(of: "/ab", in: table) == 0)
    }

    @Test(
        arguments: [
            ("/service/1", 0),
            ("/service/1?q", 0),
            ("/service/1/deep", 0),
            ("/service/10", 0),
            ("/service/", nil),
            ("/Service/1", nil),
            ("/", nil),
        ] as [(String, Int?)]
    )
    func `a prefix is compared byte for byte`(target: String, index: Int?) {
        #expect(cluster(of: target, in: table(route(.prefix("/service/1"), "zero"))) == index)
    }

    @Test func `a prefix does not reach into the query`() {
        let table = table(route(.prefix("/a?b"), "zero"), route(.prefix("/a"), "one"))
        #expect(cluster(of: "/a?bc", in: table) == 1)
        #expect(cluster(of: "/a%3Fbc", in: table) == 1)
    }

    @Test(
        arguments: [("/a", 0), ("/a?", 0), ("/a?x=/a", 0), ("/a/", nil), ("/ab", nil), ("/", nil)] as [(String, Int?)]
    )
    func `an exact path does not look at the query`(target: String, index: Int?) {
        #expect(cluster(of: target, in: table(route(.exact("/a"), "zero"))) == index)
    }

    @Test(arguments: [("/b/1", 0), ("/b/1?x", 0), ("/b/", nil), ("/b/1/c", nil), ("/a?/b/1", nil)] as [(String, Int?)])
    func `a regular expression matches the whole path without the query`(target: String, index: Int?) throws {
        let table = table(route(.regex(try RegexPattern("/b/[0-9]+")), "zero"))
        #expect(cluster(of: target, in: table) == index)
    }

    @Test func `the star of OPTIONS is no path that a route could take`() {
        let table = table(route(.prefix(""), "zero"), route(.exact("*"), "one"))
        #expect(cluster(of: "*", in: table) == nil)
    }

    @Test func `a Host of another virtual host sees none of these routes`() {
        let table = table(route(.prefix("/"), "zero"), domains: ["a.example"])
        #expect(cluster(of: "/", host: "a.example", in: table) == 0)
        #expect(cluster(of: "/", host: "b.example", in: table) == nil)
    }

    @Test func `a virtual host whose routes do not match does not fall back to another`() {
        let table = RouteTable(
            RouteConfiguration(
                name: "r",
                virtualHosts: [
                    VirtualHost(name: "named", domains: ["a"], routes: [route(.exact("/x"), "zero")]),
                    VirtualHost(name: "rest", domains: ["*"], routes: [route(.prefix("/"), "one")]),
                ]
            ),
            clusters: clusters
        )
        #expect(cluster(of: "/x", host: "a", in: table) == 0)
        #expect(cluster(of: "/y", host: "a", in: table) == nil)
        #expect(cluster(of: "/y", host: "b", in: table) == 1)
    }

    @Test func `a timeout of zero is none`() {
        let head = RequestHead("GET /", ["host: h"])
        #expect(forward(for: head, in: table(route(.prefix("/"), "zero", timeout: .zero)))?.timeout == nil)
        #expect(forward(for: head, in: table(route(.prefix("/"), "zero")))?.timeout == 15_000_000_000)
    }

    @Test func `no virtual host and no route are told apart`() {
        let table = table(route(.exact("/a"), "zero"), domains: ["a"])
        func lookup(_ target: String, _ host: String) -> String {
            switch table.find(RequestHead("GET \(target)", ["host: \(host)"])) {
            case .noVirtualHost: "no virtual host"
            case .noRoute: "no route"
            case .route: "route"
            }
        }
        #expect(lookup("/a", "a") == "route")
        #expect(lookup("/b", "a") == "no route")
        #expect(lookup("/a", "b") == "no virtual host")
    }

    @Test func `the share of a route is drawn only where there is one, and the rest falls through`() {
        var half = route(.prefix("/"), "zero")
        half.match.fraction = RuntimeFraction(Fraction(numerator: 50, denominator: 100), key: "half")
        let table = table(half, route(.prefix("/"), "one"))
        let head = RequestHead("GET /", ["host: h"])
        func found(_ random: UInt64, _ runtime: RuntimeSnapshot = .empty) -> Int? {
            guard case .forward(let forward) = table.route(for: head, random: random, runtime: runtime)?.action,
                case .index(let index) = forward.destination(for: head, random: random).cluster
            else { return nil }
            return index
        }
        #expect(found(49) == 0)
        #expect(found(50) == 1)
        let all = RuntimeSnapshot(["half": RuntimeValue(text: "100", integer: 100)])
        #expect(found(50, all) == 0)
    }

    @Test(
        arguments: [
            (.all, [], true), (.all, ["x-forwarded-proto: https"], false), (.all, ["x-forwarded-proto: HTTPS"], true),
            (.all, ["x-envoy-internal: true"], true), (.externalOnly, [], true),
            (.externalOnly, ["x-envoy-internal: true"], false), (.externalOnly, ["x-envoy-internal: false"], true),
            (.none, [], false),
        ] as [(VirtualHost.TLSRequirement, [String], Bool)]
    )
    func `a virtual host may ask for TLS before it looks at its routes`(
        requirement: VirtualHost.TLSRequirement,
        lines: [String],
        isRedirected: Bool
    ) {
        var host = VirtualHost(name: "v", domains: ["*"], routes: [route(.prefix("/"), "zero")])
        host.tlsRequirement = requirement
        host.headers.responseRemovals = ["x"]
        let table = RouteTable(RouteConfiguration(name: "r", virtualHosts: [host]), clusters: clusters)
        let head = RequestHead("GET /a?q", ["host: h:80"] + lines)
        let entry = table.route(for: head)
        guard case .redirect(let redirection) = entry?.action else {
            #expect(!isRedirected)
            return
        }
        #expect(isRedirected)
        #expect(redirection.status == 301)
        #expect(redirection.location(for: head).map { String(decoding: $0, as: UTF8.self) } == "https://h:80/a?q")
        #expect(entry?.responseLevels.isEmpty == true)
    }

    @Test func `CONNECT is for routes that ask for it, and only they are for CONNECT`() {
        let table = table(route(.prefix(""), "zero"), route(.connect, "one"))
        let head = RequestHead("CONNECT h:443", ["host: h:443"])
        guard case .forward(let forward) = table.route(for: head)?.action,
            case .index(1) = forward.destination(for: head, random: 0).cluster
        else {
            Issue.record("not the route for CONNECT")
            return
        }
        #expect(cluster(of: "/", in: self.table(route(.connect, "one"))) == nil)
    }

    @Test func `levels of header operations that change nothing are left out, the route's are applied first`() throws {
        func operations(_ name: String) -> HeaderOperations {
            var operations = HeaderOperations()
            operations.requestRemovals = [name]
            return operations
        }
        var route = route(.prefix("/"), "zero")
        route.headers = operations("route")
        var configuration = RouteConfiguration(
            name: "r",
            virtualHosts: [VirtualHost(name: "v", domains: ["*"], routes: [route])]
        )
        configuration.headers = operations("configuration")
        let head = RequestHead("GET /", ["host: h"])
        let entry = try #require(RouteTable(configuration, clusters: clusters).route(for: head))
        #expect(entry.requestLevels.map(\.requestRemovals) == [["route"], ["configuration"]])
        #expect(entry.responseLevels.isEmpty)
        configuration.mostSpecificHeadersWin = true
        let other = try #require(RouteTable(configuration, clusters: clusters).route(for: head))
        #expect(other.requestLevels.map(\.requestRemovals) == [["configuration"], ["route"]])
    }

    @Test func `an upgrade is allowed by the route, or by the manager if the route says nothing`() throws {
        var action = RouteAction(cluster: .name("zero"))
        action.upgrades = ["connect": UpgradePolicy(terminatesConnect: true), "off": UpgradePolicy(isEnabled: false)]
        let routes = [Route(match: RouteMatch(path: .prefix("/")), action: .forward(action))]
        let table = RouteTable(
            RouteConfiguration(name: "r", virtualHosts: [VirtualHost(name: "v", domains: ["*"], routes: routes)]),
            clusters: clusters,
            upgrades: ["websocket": UpgradePolicy(), "off": UpgradePolicy(), "never": UpgradePolicy(isEnabled: false)]
        )
        let entry = try #require(table.route(for: RequestHead("GET /", ["host: h"])))
        func policy(_ type: String) -> UpgradePolicy? {
            let bytes = Array(type.utf8)
            return entry.upgradePolicy(bytes.span, bytes.indices)
        }
        #expect(policy("WebSocket") == UpgradePolicy())
        #expect(policy("CONNECT")?.terminatesConnect == true)
        #expect(policy("off") == nil)
        #expect(policy("never") == nil)
        #expect(policy("h2c") == nil)
    }

    @Test(arguments: [(200, nil), (201, "http://h/a?q"), (301, "http://h/a?q"), (404, nil)] as [(Int, String?)])
    func `a direct response of 201 or 3xx says where it comes from`(status: Int, location: String?) throws {
        let direct = Route(match: RouteMatch(path: .prefix("/")), action: .direct(DirectResponse(status: status)))
        let head = RequestHead("GET /a?q", ["host: h"])
        let entry = try #require(table(direct).route(for: head))
        #expect(entry.directLocation(for: head).map { String(decoding: $0, as: UTF8.self) } == location)
    }

    @Test func `names of clusters are resolved once, policies in their order`() throws {
        let action = RouteAction(
            cluster: .name("two"),
            mirrorPolicies: [MirrorPolicy(cluster: .name("one")), MirrorPolicy(cluster: .name("missing"))]
        )
        let table = table(Route(match: .prefix("/"), action: action))
        let head = RequestHead("GET /", ["host: h"])
        let forward = try #require(self.forward(for: head, in: table))
        #expect(forward.destination(for: head, random: 0).cluster.resolve(head, clusters: clusters) == .success(2))
        let decisions = forward.mirrors.map { $0.decide(head, clusters: clusters, random: 0) }
        #expect(decisions == [.success(1), .failure(.unknownCluster)])
    }
}

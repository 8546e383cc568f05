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
        guard case .index(let index) = table.route(for: head)?.cluster else { return nil }
        return index
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

    @Test func `the star of OPTIONS matches what begins with a star only`() {
        let table = table(route(.prefix("/"), "zero"), route(.exact("*"), "one"))
        #expect(cluster(of: "*", in: table) == 1)
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
        #expect(table(route(.prefix("/"), "zero", timeout: .zero)).route(for: head)?.timeout == nil)
        #expect(table(route(.prefix("/"), "zero")).route(for: head)?.timeout == .seconds(15))
    }

    @Test func `names of clusters are resolved once, policies in their order`() throws {
        let action = RouteAction(
            cluster: .name("two"),
            mirrorPolicies: [MirrorPolicy(cluster: .name("one")), MirrorPolicy(cluster: .name("missing"))]
        )
        let table = table(Route(match: .prefix("/"), action: action))
        let head = RequestHead("GET /", ["host: h"])
        let entry = try #require(table.route(for: head))
        #expect(entry.cluster.resolve(head, clusters: clusters) == .success(2))
        let decisions = entry.mirrors.map { $0.decide(head, clusters: clusters, random: 0) }
        #expect(decisions == [.success(1), .failure(.unknownCluster)])
    }
}

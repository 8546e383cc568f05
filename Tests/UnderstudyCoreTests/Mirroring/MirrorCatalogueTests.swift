// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which policies share a book, and what the books are called.

import Testing
import UnderstudyCore

struct MirrorCatalogueTests {
    private let clusters = NameTable(
        ["primary", "a", "b"].enumerated().map { (name: Array($0.element.utf8), value: $0.offset) }
    )

    @Test func `the same route and mirror have one number, and numbers go up from zero`() {
        let catalogue = MirrorCatalogue()
        let first = MirrorKey(route: "r", mirror: "a")
        let second = MirrorKey(route: "r", mirror: "b")
        let third = MirrorKey(route: "s", mirror: "a")
        #expect([first, second, first, third, second].map { catalogue.number(of: $0) } == [0, 1, 0, 2, 1])
        #expect(catalogue.keys == [first, second, third])
    }

    @Test func `a rule knows the number of its book`() {
        let catalogue = MirrorCatalogue()
        func book(_ specifier: ClusterSpecifier, _ route: String) -> Int {
            MirrorRule(MirrorPolicy(cluster: specifier), clusters: clusters, route: route, catalogue: catalogue).book
        }
        #expect(book(.name("a"), "r") == 0)
        #expect(book(.name("b"), "r") == 1)
        // Two policies that send to the same mirror are written into one book.
        #expect(book(.name("a"), "r") == 0)
        #expect(book(.name("a"), "s") == 2)
        // A name that no cluster has is in the file, and so it is a name.
        #expect(book(.name("missing"), "r") == 3)
        // Whatever a header says, there is one book for what leads nowhere.
        #expect(book(.header("x-mirror"), "r") == 4)
        #expect(book(.header("x-other"), "r") == 4)
        #expect(catalogue.keys[3] == MirrorKey(route: "r", mirror: "missing"))
        #expect(catalogue.keys[4] == MirrorKey(route: "r", mirror: ""))
    }

    // MARK: Names of routes

    private func route(_ name: String, mirror: String) -> Route {
        let policies = [MirrorPolicy(cluster: .name(mirror))]
        var route = Route(
            match: .prefix("/\(mirror)"),
            action: RouteAction(cluster: .name("primary"), mirrorPolicies: policies)
        )
        route.name = name
        return route
    }

    @Test func `routes go by their names, and others by virtual host and place`() {
        let catalogue = MirrorCatalogue()
        let plain = Route(match: RouteMatch(path: .prefix("/x")), action: .none)
        let hosts = [
            VirtualHost(
                name: "shop",
                domains: ["shop"],
                routes: [route("cart", mirror: "a"), plain, route("", mirror: "a"), route("", mirror: "b")]
            ),
            VirtualHost(name: "rest", domains: ["*"], routes: [route("", mirror: "b"), route("cart", mirror: "a")]),
        ]
        let configuration = RouteConfiguration(name: "r", virtualHosts: hosts)
        _ = RouteTable(configuration, clusters: clusters, catalogue: catalogue)
        #expect(
            catalogue.keys == [
                MirrorKey(route: "cart", mirror: "a"),
                MirrorKey(route: "shop[2]", mirror: "a"),
                MirrorKey(route: "shop[3]", mirror: "b"),
                MirrorKey(route: "rest[0]", mirror: "b"),
            ]
        )
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Everything that a route asks for must be there.

import TestSupport
import Testing
import UnderstudyCore

struct RouteMatcherTests {
    private func matches(
        _ target: String = "/",
        _ lines: [String] = [],
        _ change: (inout RouteMatch) -> Void
    ) -> Bool {
        var match = RouteMatch(path: .prefix("/"))
        change(&match)
        let head = RequestHead("GET \(target)", ["host: h"] + lines)
        return RouteMatcher(match).matches(head, path: head.path, random: { 0 }, runtime: .empty)
    }

    @Test func `all headers and all query parameters must match`() {
        func asksForMuch(_ match: inout RouteMatch) {
            match.headers = [
                HeaderMatch(name: "a", rule: .present(true)), HeaderMatch(name: "b", rule: .present(true)),
            ]
            match.queryParameters = [
                QueryParameterMatch(name: "p", rule: .present(true)),
                QueryParameterMatch(name: "q", rule: .present(true)),
            ]
        }
        #expect(matches("/?p&q", ["a: 1", "b: 1"], asksForMuch))
        #expect(!matches("/?p&q", ["a: 1"], asksForMuch))
        #expect(!matches("/?p", ["a: 1", "b: 1"], asksForMuch))
        #expect(matches { _ in })
    }

    @Test func `no dice are thrown for a route that has no share`() {
        let head = RequestHead("GET /", ["host: h"])
        var throwsOfDice = 0
        let matcher = RouteMatcher(RouteMatch(path: .prefix("/")))
        let matched = matcher.matches(
            head,
            path: head.path,
            random: {
                throwsOfDice += 1
                return 0
            },
            runtime: .empty
        )
        #expect(matched)
        #expect(throwsOfDice == 0)
    }

    @Test(
        arguments: [
            (["application/grpc"], true), (["application/grpc+proto"], true), (["application/grpc+"], true),
            (["application/grpc-web"], false), (["application/grpcx"], false), (["APPLICATION/GRPC"], false),
            (["application/grpc;x"], false), (["application/grpc", "b"], false), (["application/grpc+x", "b"], true),
            ([], false),
        ]
    )
    func `gRPC is told by its content type`(types: [String], expected: Bool) {
        #expect(matches("/", types.map { "content-type: \($0)" }) { $0.isGRPC = true } == expected)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration dump, against what Envoy 1.40 answered to the same configuration.

import TestSupport
import Testing
import UnderstudyCore

struct ConfigurationEndpointTests {
    private static var server: FakeServer {
        let type = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
        let address = #"{"socket_address":{"address":"localhost","port_value":19914}}"#
        let endpoints = #"[{"lb_endpoints":[{"endpoint":{"address":\#(address)}}]}]"#
        let assignment = #"{"cluster_name":"s2","endpoints":\#(endpoints)}"#
        let cluster = #"{"@type":"\#(type)","name":"s2","type":"STRICT_DNS","load_assignment":\#(assignment)}"#
        var shown = FakeServer.Shown()
        shown.document.loadTime = 1_795_560_710
        shown.document.bootstrap = #"{"node":{"id":"n1"}}"#
        shown.document.clusters = [.init(name: "s1", json: "{}"), .init(name: "s2", json: cluster)]
        shown.document.listeners = [.init(name: "main", json: "{}")]
        shown.document.routes = [.init(name: "local", json: #"{"name":"local"}"#)]
        return FakeServer(shown)
    }

    @Test func `the sections stand in Envoy's order and form`() async throws {
        let answer = try await Self.server.get("/config_dump?name_regex=s2")
        #expect(answer.body == (try Recorded.text("config_dump.json")))
        #expect(answer.value("content-type") == "application/json")
    }

    @Test func `one resource is dumped alone`() async throws {
        let answer = try await Self.server.get("/config_dump?resource=static_clusters&name_regex=s2")
        #expect(answer.body == (try Recorded.text("static_clusters.json")))
        #expect(try await Self.server.get("/config_dump?resource=dynamic_listeners").body == "{}\n")
    }

    @Test(arguments: [
        ("resource=nope", 404, "nope not found in config dump"),
        ("resource=bootstrap", 400, "bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field"),
        ("name_regex=(", 400, "INVALID_ARGUMENT: Error while parsing name_regex from (: missing ): ("),
        ("mask=bootstrap", 400, "mask is not supported; resource and name_regex are\n"),
    ])
    func `what cannot be dumped is refused`(query: String, status: Int, text: String) async throws {
        let answer = try await Self.server.get("/config_dump?\(query)")
        #expect(answer.status == status)
        #expect(answer.body == text)
        #expect(answer.value("content-type") == "text/plain")
    }

    @Test func `names match as a whole`() async throws {
        let all = try await Self.server.get("/config_dump?include_eds").body
        #expect(all.contains("\"static_route_configs\": ["))
        let some = try await Self.server.get("/config_dump?name_regex=loca").body
        #expect(!some.contains("static_route_configs"))
    }

    @Test(arguments: [
        ("{}", "{}\n"), ("[]", "[]\n"), (#"{"a":[1,2],"b":{}}"#, "{\n \"a\": [\n  1,\n  2\n ],\n \"b\": {}\n}\n"),
        (#"{ "a" : "x,{\"}:" }"#, "{\n \"a\": \"x,{\\\"}:\"\n}\n"), (#"["\\",1]"#, "[\n \"\\\\\",\n 1\n]\n"),
        ("[[],[[]]]", "[\n [],\n [\n  []\n ]\n]\n"),
    ])
    func `JSON is laid out a line for each value`(compact: String, laidOut: String) {
        #expect(IndentedJSON.laidOut(compact) == laidOut)
        #expect(IndentedJSON.laidOut(laidOut) == laidOut)
    }
}

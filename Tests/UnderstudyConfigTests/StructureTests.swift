// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Mappings, lists, anchors and documents: verdicts taken from Envoy 1.40 in validate mode.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct StructureTests {
    @Test func `either spelling of a field is accepted`() {
        let result = Sample.load(("lb_policy: ROUND_ROBIN", "lbPolicy: ROUND_ROBIN"), ("stat_prefix", "statPrefix"))
        #expect(result.isAccepted, "\(result.rendered)")
    }

    @Test(arguments: [
        "LbPolicy", "lb_Policy", "LB_POLICY", "\"lb_policy \"", "\"\"", "~", "6", "\"[lb_policy]\"", "x-y",
    ])
    func `no other spelling is`(key: String) {
        let result = Sample.load(("lb_policy: ROUND_ROBIN", "\(key): ROUND_ROBIN"))
        #expect(result.errors.map(\.kind) == [.unknown])
    }

    @Test(arguments: ["[a]", "{a: b}", "? [a]\n    "])
    func `a field name has to be text`(key: String) {
        let result = Sample.load(("lb_policy: ROUND_ROBIN", "\(key): ROUND_ROBIN"))
        #expect(result.messages == ["a field name has to be text"])
    }

    @Test func `one item stands for a list of one`() {
        let result = Sample.load(("[\"*\"]", "\"*\""), ("[{cluster: c2}]", "{cluster: c2}"))
        #expect(result.mirrors == [MirrorPolicy(cluster: .name("c2"))])
    }

    @Test func `lists in a list are one list, and a null item is an empty one`() {
        let result = Sample.load(("[\"*\"]", "[[a, [b]], ~, []]"))
        let host = result.configuration?.listeners.first?.connectionManager.routes.virtualHosts.first
        #expect(host?.domains == ["a", "b", ""])
    }

    @Test func `a null field is not set`() {
        let result = Sample.load(("cluster: c1\n", "cluster: c1\n                  cluster_header: ~\n"))
        #expect(result.actions.map(\.clusters) == [.one(.name("c1"))], "\(result.rendered)")
    }

    @Test(arguments: ["~", "[]"])
    func `an unsupported field that says nothing is no mistake`(value: String) {
        #expect(Sample.load(("lb_policy: ROUND_ROBIN", "filters: \(value)")).isAccepted)
    }

    @Test func `an unknown field is a mistake whatever it says`() {
        #expect(Sample.load(("lb_policy: ROUND_ROBIN", "foo: ~")).errors.map(\.kind) == [.unknown])
    }

    @Test func `anchors and aliases are followed`() {
        let result = Sample.load(
            ("connect_timeout: 0.25s", "connect_timeout: &t 7s"),
            ("connect_timeout: 0.25s", "connect_timeout: *t")
        )
        #expect(result.configuration?.clusters.map(\.connectTimeout) == [.seconds(7), .seconds(7)])
    }

    @Test func `an undefined alias is a syntax error with its place`() {
        let result = Sample.load(("name: local_route", "name: *nowhere"))
        #expect(result.errors.map(\.kind) == [.syntax])
        #expect(result.errors.first?.line == 13)
    }

    @Test func `merge keys are refused by name`() {
        let result = Sample.load(("lb_policy: ROUND_ROBIN", "<<: {lb_policy: ROUND_ROBIN}"))
        #expect(result.messages == ["unknown field \"<<\" in Cluster: merge keys mean nothing to Envoy"])
    }

    @Test func `only the first document is read, with a warning`() {
        let result = Sample.load(Sample.text + "---\nnonsense: [\n")
        #expect(result.isAccepted)
        #expect(result.warnings.map(\.message) == ["only the first YAML document is read"])
    }

    @Test(arguments: [
        "{}", "static_resources:", "static_resources: ~", "static_resources: {listeners: ~, clusters: []}",
    ])
    func `a configuration may be empty`(text: String) {
        let result = Sample.load(text)
        #expect(result.model == ServerConfiguration(listeners: [], clusters: []))
    }

    @Test(arguments: ["", "# nothing\n", "~", "- a", "abc", "[]", "---\n---\nstatic_resources: {}"])
    func `a file has to hold a mapping`(text: String) {
        let result = Sample.load(text)
        #expect(result.errors.count == 1)
    }

    @Test func `carriage returns, a byte order mark and JSON change nothing`() {
        let plain = Sample.load(Sample.text).configuration
        #expect(plain != nil)
        #expect(Sample.load(Sample.text.replacing("\n", with: "\r\n")).configuration == plain)
        #expect(Sample.load("\u{FEFF}" + Sample.text).configuration == plain)
        let json = "{\n\t\"static_resources\": {\"clusters\": [{\"name\": \"a\", \"type\": \"STATIC\"}]}\n}"
        #expect(Sample.load(json).configuration?.clusters.map(\.name) == ["a"])
    }

    @Test(arguments: ["\r", "\r\n", "\n\u{2028}\n", "\u{85}", "\u{FEFF}\n"])
    func `a tag is seen behind any kind of line break`(lineBreak: String) {
        let start = lineBreak.hasPrefix("\u{FEFF}") ? "" : "# a"
        let text = "\(start)\(lineBreak)static_resources: {clusters: [{name: \"é\"}, {name: ! 123}, {name: \"1\"}]}"
        #expect(Sample.load(text).configuration?.clusters.map(\.name) == ["é", "123", "1"])
        #expect(Sample.load(text.replacing("! 123", with: "!!str 123")).errors.count == 1)
    }

    @Test(arguments: ["[]", "3", "{a: b}", "main"])
    func `a mapping is required where a message is`(value: String) {
        let result = Sample.load("static_resources: {clusters: [{load_assignment: \(value), name: a}]}")
        #expect(result.errors.count == 1, "\(result.rendered)")
        #expect(result.errors.first?.path.hasPrefix("static_resources.clusters[0].load_assignment") == true)
    }
}

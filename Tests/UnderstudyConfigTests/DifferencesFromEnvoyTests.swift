// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Every configuration of the supported subset on which Understudy and Envoy 1.40 disagree on purpose. Envoy accepts
// all of these but the last.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct DifferencesFromEnvoyTests {
    @Test func `a key that is given twice is refused`() {
        let result = Sample.load(("lb_policy: ROUND_ROBIN", "type: STATIC"))
        #expect(result.messages == ["\"type\" is given more than once in one mapping"])
        #expect(result.errors.first?.line == 31)
    }

    @Test func `a tag of an undeclared handle is refused`() {
        #expect(Sample.load(("name: local_route", "name: !e!x local_route")).errors.map(\.kind) == [.syntax])
    }

    @Test(arguments: ["ROUND_ROBIN", "~"])
    func `a field that is given in both spellings is refused`(value: String) {
        let both = "lb_policy: ROUND_ROBIN\n    lbPolicy: \(value)"
        let result = Sample.load(("lb_policy: ROUND_ROBIN", both))
        #expect(result.messages == ["\"lbPolicy\" repeats \"lb_policy\""])
    }

    @Test func `a chain without a router is refused, since no request would ever be answered`() {
        let list = Sample.text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = list.firstIndex { $0.contains("http_filters:") } ?? 0
        let end = list.firstIndex { $0.hasPrefix("  clusters:") } ?? 0
        let head = list[..<start].joined(separator: "\n")
        let tail = list[end...].joined(separator: "\n")
        for filters in ["", "          http_filters: []", "          http_filters: {name: x, is_optional: true}"] {
            let result = Sample.load(head + "\n" + filters + "\n" + tail)
            #expect(result.errors.map(\.message) == ["the router is missing"])
        }
    }

    @Test func `two listeners of one name are refused, where Envoy lets the last replace the others`() {
        let socket = "{socket_address: {address: 127.0.0.1, port_value: 1}}"
        let result = Sample.load(("listeners:\n", "listeners:\n  - {name: main, address: \(socket)}\n"))
        #expect(result.messages == ["no filter chains specified", "duplicate listener 'main'"])
    }

    @Test func `a filter chain without a filter is refused, since it only closes connections`() {
        let socket = "{socket_address: {address: 127.0.0.1, port_value: 1}}"
        let result = Sample.load(
            "static_resources: {listeners: [{address: \(socket), filter_chains: [{filters: []}]}]}"
        )
        #expect(result.messages == ["filters is required"])
    }

    @Test(arguments: ["\u{0}", "\u{1}", "\u{7F}"])
    func `a control character outside of an escape is refused`(character: String) {
        let result = Sample.load(("name: local_route", "name: a\(character)b"))
        #expect(result.messages == ["control characters are not allowed"])
        #expect(result.errors.first?.line == 13)
        #expect(result.errors.first?.column == 20)
    }

    @Test(arguments: ["\u{85}", "\u{2028}"])
    func `the line breaks of YAML 1_1 break lines`(character: String) {
        #expect(Sample.load(("name: local_route", "name: a\(character)b")).errors.map(\.kind) == [.syntax])
    }

    @Test(arguments: ["%YAML 1.3\n---\n", "%FOO bar\n---\n"])
    func `a directive of no known YAML is refused`(directive: String) {
        #expect(Sample.load(directive + Sample.text).errors.map(\.kind) == [.syntax])
    }

    @Test func `a value longer than 32 KiB is refused`() {
        let pattern = String(repeating: "a", count: 32_769)
        let result = Sample.load(("{prefix: \"/\"}", "{safe_regex: {regex: \(pattern)}}"))
        #expect(result.messages == ["text too long"])
        #expect(Sample.load(("{prefix: \"/\"}", "{safe_regex: {regex: \(pattern.dropLast())}}")).isAccepted)
    }

    @Test func `what stands inside a skipped filter is not looked at`() {
        let filter = "{name: x, is_optional: true, typed_config: {\"@type\": a/xds.type.v3.TypedStruct, bad: 1}}"
        let router = "          - name: envoy.filters.http.router"
        #expect(Sample.load((router, "          - \(filter)\n\(router)")).isAccepted)
    }

    @Test func `the zone of a link-local address is not compared with the interfaces of this machine`() {
        #expect(Sample.load(("address: 127.0.0.1", "address: \"fe80::1%eth99\"")).isAccepted)
    }

    @Test(arguments: ["{key: \"a b\", value: x}", "{key: x, value: \"\\x01\"}"])
    func `a header line that would break the message is refused`(header: String) {
        let result = Sample.load(host: "request_headers_to_add: [{header: \(header)}]")
        #expect(result.errors.count == 1, "\(result.rendered)")
    }

    @Test(arguments: ["content-length", "Transfer-Encoding"])
    func `a header line that frames the message is not to be added`(name: String) {
        let result = Sample.load(host: "response_headers_to_add: [{header: {key: \(name), value: \"1\"}}]")
        #expect(result.messages == ["content-length and transfer-encoding follow the body"])
        #expect(result.errors.map(\.kind) == [.unsupported])
    }

    @Test(arguments: ["\\2", "\\x", "a\\"])
    func `a substitution that never works is accepted with a warning`(text: String) {
        let result = Sample.load(action: "regex_rewrite: {pattern: {regex: a}, substitution: '\(text)'}")
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.warnings.count == 1)
        #expect(result.messages.first?.hasPrefix("nothing is ever replaced: ") == true)
    }

    @Test func `a file for a body has to be a file`() {
        let result = Sample.load(
            route: "match: {prefix: /}, direct_response: {status: 200, body: {filename: /dev/zero}}"
        )
        #expect(result.messages == ["file /dev/zero cannot be read"])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header lines that are added and removed: at every level, with Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct HeaderOperationsTests {
    private static let all = """
        request_headers_to_add: [{header: {key: X-A, value: a}}], request_headers_to_remove: [X-B],
        response_headers_to_add: [{header: {key: X-C, value: c}}], response_headers_to_remove: [X-D]
        """.replacing("\n", with: " ")

    private static var operations: HeaderOperations {
        var operations = HeaderOperations()
        operations.requestAdditions = [HeaderAddition(name: "X-A", value: .literal("a"))]
        operations.requestRemovals = ["x-b"]
        operations.responseAdditions = [HeaderAddition(name: "X-C", value: .literal("c"))]
        operations.responseRemovals = ["x-d"]
        return operations
    }

    private static let lines = all.replacing("], re", with: "]\nINDENTre")

    @Test func `all four lists arrive from every level`() throws {
        let routes = Sample.load(
            configuration: Self.lines.replacing("INDENT", with: String(repeating: " ", count: 12))
        )
        let host = Sample.load(host: Self.lines.replacing("INDENT", with: String(repeating: " ", count: 14)))
        let route = Sample.load(route: "match: {prefix: /}, route: {cluster: c1}, \(Self.all)")
        let weighted = Sample.load(
            route: "match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: c1, weight: 1, \(Self.all)}]}}"
        )
        #expect(routes.manager?.routes.headers == Self.operations, "\(routes.rendered)")
        #expect(host.manager?.routes.virtualHosts.first?.headers == Self.operations, "\(host.rendered)")
        #expect(route.routes.first?.headers == Self.operations, "\(route.rendered)")
        guard case .weighted(let clusters) = weighted.actions.first?.clusters else {
            Issue.record("\(weighted.rendered)")
            return
        }
        #expect(clusters.choices.map(\.headers) == [Self.operations])
    }

    private func load(addition: String) -> ConfigurationResult {
        Sample.load(host: "request_headers_to_add: [\(addition)]")
    }

    private func addition(_ result: ConfigurationResult) -> HeaderAddition? {
        result.manager?.routes.virtualHosts.first?.headers.requestAdditions.first
    }

    @Test(arguments: [
        ("", HeaderAddition.Action.appendIfExistsOrAdd),
        (", append_action: ADD_IF_ABSENT", .addIfAbsent),
        (", append_action: OVERWRITE_IF_EXISTS_OR_ADD", .overwriteIfExistsOrAdd),
        (", append_action: overwrite_if_exists", .overwriteIfExists),
        (", append: true", .appendIfExistsOrAdd),
        (", append: false", .overwriteIfExistsOrAdd),
        (", append: false, append_action: ADD_IF_ABSENT", .overwriteIfExistsOrAdd),
    ])
    func `a line is added by`(written: String, action: HeaderAddition.Action) {
        let result = load(addition: "{header: {key: x, value: v}\(written)}")
        #expect(addition(result)?.action == action, "\(result.rendered)")
        let isDeprecated = written.contains("append:")
        #expect(result.messages == (isDeprecated ? ["append is deprecated: use append_action"] : []))
    }

    @Test func `an empty value is added only if it is kept`() {
        #expect(addition(load(addition: "{header: {key: x}}"))?.keepsEmptyValue == false)
        #expect(addition(load(addition: "{header: {key: x}, keep_empty_value: true}"))?.keepsEmptyValue == true)
    }

    @Test func `bytes instead of text are accepted, and have no effect in Envoy either`() {
        let result = load(addition: "{header: {key: x, raw_value: YQ}}")
        #expect(result.warnings.map(\.message) == ["raw_value has no effect here: use value"])
        #expect(result.isAccepted)
    }

    @Test(arguments: [
        ("{}", "header is required"),
        ("~", "header is required"),
        ("{header: {}}", "key is required"),
        ("{header: {value: a}}", "key is required"),
        ("{header: {key: \"a\\nb\"}}", "value must not contain NUL, CR or LF"),
        ("{header: {key: x, value: \"a\\rb\"}}", "value must not contain NUL, CR or LF"),
        ("{header: {key: host, value: a}}", ":-prefixed or host headers may not be modified"),
        ("{header: {key: Host, value: a}}", ":-prefixed or host headers may not be modified"),
        ("{header: {key: \":path\", value: a}}", ":-prefixed or host headers may not be modified"),
        ("{header: {key: x, raw_value: \"!\"}}", "corrupt base64"),
        ("{header: {key: x, raw_value: A}}", "corrupt base64"),
        ("{header: {key: x, value: a}, append_action: 9}", "unknown append_action"),
        (
            "{header: {key: x, value: \"100%\"}}",
            "Incorrect configuration: 100%. Couldn't find valid command at position 3"
        ),
        ("{header: {key: x, value: \"%NOPE%\"}}", "Not supported field in StreamInfo: NOPE"),
        (
            "{header: {key: \(String(repeating: "x", count: 16_385))}}", "value length must be at most 16384 bytes"
        ),
        (
            "{header: {key: x, value: \(String(repeating: "x", count: 16_385))}}",
            "value length must be at most 16384 bytes"
        ),
    ])
    func `a line to add is refused`(written: String, message: String) {
        #expect(load(addition: written).messages == [message])
    }

    @Test func `both notations of the action are refused together`() {
        let result = load(addition: "{header: {key: x, value: a}, append: true, append_action: ADD_IF_ABSENT}")
        #expect(result.errors.map(\.message) == ["Both append and append_action are set and it's not allowed"])
    }

    @Test func `more lines than any file means are refused`() {
        let lines = Array(repeating: "{header: {key: x, value: a}}", count: 1001).joined(separator: ",")
        #expect(load(addition: lines).messages == ["value must contain no more than 1000 item(s)"])
    }

    @Test(arguments: ["request_headers_to_remove", "response_headers_to_remove"])
    func `a line to remove is refused`(field: String) {
        for name in ["host", "Host", "\":path\""] {
            let result = Sample.load(host: "\(field): [\(name)]")
            #expect(result.messages == [":-prefixed or host headers may not be removed"])
        }
        #expect(Sample.load(host: "\(field): [\"a\\nb\"]").messages == ["value must not contain NUL, CR or LF"])
        #expect(Sample.load(host: "\(field): [\"\"]").messages == ["value length must be at least 1 characters"])
    }

    @Test func `an empty name to remove is accepted where Envoy accepts it, and removes nothing`() {
        let result = Sample.load(configuration: "request_headers_to_remove: [\"\", a]")
        #expect(result.manager?.routes.headers.requestRemovals == ["a"], "\(result.rendered)")
    }

    private func load(mutation: String) -> ConfigurationResult {
        Sample.load(("{cluster: c2}", "{cluster: c2, request_headers_mutations: [\(mutation)]}"))
    }

    private static let mutations: [(String, HeaderMutation)] = [
        ("{remove: Host}", .remove("host")),
        ("{remove: \":path\"}", .remove(":path")),
        ("{remove: \"\"}", .remove("")),
        (
            "{append: {header: {key: A, value: b}, append_action: OVERWRITE_IF_EXISTS}}",
            .append(HeaderAddition(name: "A", value: .literal("b"), action: .overwriteIfExists))
        ),
        (
            "{remove_on_match: {key_matcher: {prefix: X, ignore_case: true}}}",
            .removeMatching(StringMatcher(.prefix("X"), ignoresCase: true))
        ),
    ]

    @Test(arguments: mutations)
    func `a copy is changed by`(written: String, mutation: HeaderMutation) {
        let result = load(mutation: written)
        #expect(result.mirrors.map(\.mutations) == [[mutation]], "\(result.rendered)")
    }

    @Test(arguments: [
        ("{}", "action is required"),
        ("{remove: \"a\\nb\"}", "value must not contain NUL, CR or LF"),
        ("{append: {}}", "header is required"),
        ("{append: {header: {key: host, value: x}}}", ":-prefixed or host headers may not be modified"),
        ("{append: {header: {key: x, value: \"%NOPE%\"}}}", "Not supported field in StreamInfo: NOPE"),
        ("{remove_on_match: {}}", "key_matcher is required"),
        ("{remove_on_match: {key_matcher: {}}}", "match_pattern is required"),
        (
            "{remove_on_match: {key_matcher: {safe_regex: {regex: \"(\"}}}}",
            "not a regular expression: missing ): ("
        ),
        ("{remove: a, append: {header: {key: x, value: b}}}", "append and remove cannot both be set"),
    ])
    func `a change to a copy is refused`(written: String, message: String) {
        #expect(load(mutation: written).messages == [message])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Changes to the proxy's own answers: what they become, and Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct LocalReplyTests {
    private func load(mapper: String) -> ConfigurationResult {
        Sample.load(manager: "local_reply_config: {mappers: [{\(mapper)}]}")
    }

    private func load(filter: String) -> ConfigurationResult {
        load(mapper: "filter: {\(filter)}")
    }

    @Test func `every field of a mapper arrives in the model`() throws {
        let result = load(
            mapper: """
                filter: {not_health_check_filter: {}}, status_code: 599, body: {inline_string: b}, \
                body_format_override: {text_format_source: {inline_string: "<%LOCAL_REPLY_BODY%>"}, content_type: t}, \
                headers_to_add: [{header: {key: X-A, value: a}}]
                """
        )
        var mapper = LocalReplyMapper(filter: .notHealthCheck)
        mapper.status = 599
        mapper.body = Array("b".utf8)
        mapper.format = BodyFormat(.text(try FormatString("<%LOCAL_REPLY_BODY%>")), contentType: "t")
        mapper.headers = [HeaderAddition(name: "X-A", value: .literal("a"))]
        #expect(result.manager?.localReplies.mappers == [mapper], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `the format for the others arrives in the model`() throws {
        let result = Sample.load(manager: "local_reply_config: {body_format: {json_format: {code: \"%PROTOCOL%\"}}}")
        let tree = FormatTree.object([.init(key: "code", value: .string(try FormatString("%PROTOCOL%")))])
        #expect(result.manager?.localReplies.format == BodyFormat(.json(tree)), "\(result.rendered)")
        #expect(Sample.load(manager: "local_reply_config: {}").manager?.localReplies.changesNothing == true)
    }

    @Test func `a format in the file itself is deprecated`() throws {
        let result = Sample.load(manager: "local_reply_config: {body_format: {text_format: a}}")
        #expect(result.manager?.localReplies.format == BodyFormat(.text(.literal("a"))), "\(result.rendered)")
        #expect(result.messages == ["text_format is deprecated: use text_format_source"])
    }

    private static let filters: [(String, AccessLogFilter)] = [
        (
            "status_code_filter: {comparison: {op: GE, value: {default_value: 500, runtime_key: k}}}",
            .status(.atLeast, value: 500, runtimeKey: "k")
        ),
        ("status_code_filter: {comparison: {value: {}}}", .status(.equal, value: 0, runtimeKey: "")),
        (
            "duration_filter: {comparison: {op: le, value: {default_value: 9}}}",
            .durationMilliseconds(.atMost, value: 9, runtimeKey: "")
        ),
        (
            "duration_filter: {comparison: {op: NE, value: {default_value: 9}}}",
            .durationMilliseconds(.notEqual, value: 9, runtimeKey: "")
        ),
        ("header_filter: {header: {name: X}}", .header(HeaderMatch(name: "x", rule: .present(true)))),
        (
            "runtime_filter: {runtime_key: k}",
            .runtime(RuntimeFraction(Fraction(numerator: 0, denominator: 100), key: "k"))
        ),
        (
            "runtime_filter: {runtime_key: k, percent_sampled: {numerator: 3, denominator: TEN_THOUSAND}}",
            .runtime(RuntimeFraction(Fraction(numerator: 3, denominator: 10_000), key: "k"))
        ),
        ("response_flag_filter: {flags: [UF, NR]}", .responseFlags(["UF", "NR"])),
        ("response_flag_filter: {}", .responseFlags([])),
        (
            "and_filter: {filters: [{not_health_check_filter: {}}, {response_flag_filter: {}}]}",
            .all([.notHealthCheck, .responseFlags([])])
        ),
        (
            "or_filter: {filters: [{not_health_check_filter: {}}, {not_health_check_filter: {}}]}",
            .any([.notHealthCheck, .notHealthCheck])
        ),
    ]

    @Test(arguments: filters)
    func `a reply is chosen by`(written: String, filter: AccessLogFilter) {
        let result = load(filter: written)
        #expect(result.manager?.localReplies.mappers.map(\.filter) == [filter], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test(arguments: [
        ("", "filter_specifier is required"),
        ("status_code_filter: {}", "comparison is required"),
        ("status_code_filter: {comparison: {}}", "value is required"),
        ("duration_filter: {}", "comparison is required"),
        ("status_code_filter: {comparison: {op: 9, value: {}}}", "unknown op"),
        ("and_filter: {filters: [{not_health_check_filter: {}}]}", "value must contain at least 2 item(s)"),
        ("or_filter: {}", "value must contain at least 2 item(s)"),
        ("and_filter: {filters: [{not_health_check_filter: {}}, {}]}", "filter_specifier is required"),
        ("runtime_filter: {}", "runtime_key is required"),
        ("header_filter: {}", "header is required"),
        ("header_filter: {header: {}}", "name is required"),
        ("log_type_filter: {}", "unsupported field \"log_type_filter\" in AccessLogFilter"),
    ])
    func `a filter is refused`(written: String, message: String) {
        #expect(load(filter: written).messages == [message])
    }

    @Test(arguments: ["XX", "ur", "\"\""])
    func `a response flag that is none is refused`(flag: String) {
        let result = load(filter: "response_flag_filter: {flags: [\(flag)]}")
        #expect(result.messages.count == 1)
        #expect(result.messages.first?.hasPrefix("value must be in list [LH UH UT LR UR UF") == true)
    }

    @Test(arguments: [
        ("", "filter is required"),
        ("filter: {not_health_check_filter: {}}, status_code: 199", "value must be inside range [200, 600)"),
        ("filter: {not_health_check_filter: {}}, status_code: 600", "value must be inside range [200, 600)"),
        ("filter: {not_health_check_filter: {}}, body: {}", "specifier is required"),
        ("filter: {not_health_check_filter: {}}, body: {filename: /no/such}", "Invalid path: /no/such"),
        (
            "filter: {not_health_check_filter: {}}, headers_to_add: [{header: {key: host, value: x}}]",
            ":-prefixed or host headers may not be modified"
        ),
        (
            "filter: {not_health_check_filter: {}}, body_format_override: "
                + "{json_format: {}, content_type: \"a\\nb\"}",
            "value must not contain NUL, CR or LF"
        ),
    ])
    func `a mapper is refused`(written: String, message: String) {
        #expect(load(mapper: written).messages == [message])
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Access logs in every place that has them. Verdicts and words are those of Envoy 1.40.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct AccessLogTests {
    private static let loggers = "\"@type\": type.googleapis.com/envoy.extensions.access_loggers"
    private static let output = "{\(loggers).stream.v3.StdoutAccessLog}"

    private func file(_ fields: String) -> String {
        "access_log: [{name: x, typed_config: {\(Self.loggers).file.v3.FileAccessLog, \(fields)}}]"
    }

    private func filter(_ filter: String) -> String {
        "access_log: [{name: x, filter: {\(filter)}, typed_config: \(Self.output)}]"
    }

    private func logs(_ field: String) throws -> [AccessLog] {
        let result = Sample.load(manager: field)
        return try #require(result.manager, "\(result.rendered)").accessLogs
    }

    @Test func `a log without a format has Envoy's line`() throws {
        let streams = "{typed_config: {\(Self.loggers).stream.v3.StderrAccessLog}}, {typed_config: \(Self.output)}"
        #expect(try logs("access_log: [\(streams)]") == [AccessLog(.standardError), AccessLog(.standardOutput)])
        #expect(try logs(file("path: /dev/null")) == [AccessLog(.file(path: "/dev/null"))])
        #expect(try logs(file("path: /dev/null, format: \"\"")) == [AccessLog(.file(path: "/dev/null"))])
    }

    @Test(arguments: [
        "format: \"a %PROTOCOL%\"", "log_format: {text_format: \"a %PROTOCOL%\"}",
        "log_format: {text_format_source: {inline_string: \"a %PROTOCOL%\"}}",
    ])
    func `a line may be text in every notation`(format: String) throws {
        let expected = BodyFormat(.text(try FormatString("a %PROTOCOL%")))
        #expect(try logs(file("path: /dev/null, \(format)")).map(\.format) == [expected])
    }

    @Test(arguments: ["json_format", "typed_json_format", "log_format: {json_format"])
    func `a line may be JSON in every notation`(field: String) throws {
        let close = field.contains("{") ? "}" : ""
        let members = "{a: {b: [\"%PROTOCOL%\", 1, true]}}"
        let list = FormatTree.list([.string(try FormatString("%PROTOCOL%")), .number(1), .bool(true)])
        let expected = BodyFormat(.json(.object([.init(key: "a", value: .object([.init(key: "b", value: list)]))])))
        #expect(try logs(file("path: /dev/null, \(field): \(members)\(close)")).map(\.format) == [expected])
    }

    @Test func `options of the format are read`() throws {
        let options = "omit_empty_values: true, content_type: a/b, json_format_options: {sort_properties: false}"
        let format = try #require(
            try logs(file("path: /dev/null, log_format: {json_format: {}, \(options)}")).first?.format
        )
        #expect(format.omitsEmptyValues && format.contentType == "a/b")
    }

    @Test(arguments: [
        ("path: \"\"", "path is required"),
        ("path: /nonexistent/x", "unable to open file '/nonexistent/x': No such file or directory"),
        ("path: /tmp", "unable to open file '/tmp': Is a directory"),
        ("path: /dev/null, log_format: {}", "format is required"),
        (
            "path: /dev/null, log_format: {formatters: [{}]}",
            "unsupported field \"formatters\" in SubstitutionFormatString"
        ),
        ("path: /dev/null, log_format: {text_format_source: {filename: /nonexistent}}", "Invalid path: /nonexistent"),
        ("path: /dev/null, format: \"%FOO%\"", "Not supported field in StreamInfo: FOO"),
    ])
    func `a wrong log is refused`(fields: String, message: String) {
        #expect(Sample.load(manager: file(fields)).errors.first?.message == message)
    }

    @Test func `a log needs a type`() {
        let message = "Didn't find a registered implementation for 'x' with type URL: ''"
        #expect(Sample.load(manager: "access_log: [{name: x}]").messages == [message])
        let grpc = "{\(Self.loggers).grpc.v3.HttpGrpcAccessLogConfig}"
        #expect(Sample.load(manager: "access_log: {typed_config: \(grpc)}").messages == ["unsupported @type"])
    }

    @Test(
        arguments: [
            ("grpc_status_filter: {statuses: [OK, 5], exclude: true}", .grpcStatuses([0, 5], isExcluding: true)),
            ("grpc_status_filter: {}", .grpcStatuses([], isExcluding: false)),
            ("not_health_check_filter: {}", .notHealthCheck),
            (
                "status_code_filter: {comparison: {op: GE, value: {default_value: 500, runtime_key: a}}}",
                .status(.atLeast, value: 500, runtimeKey: "a")
            ),
        ] as [(String, AccessLogFilter)]
    )
    func `a log has a filter`(written: String, expected: AccessLogFilter) throws {
        #expect(try logs(filter(written)).map(\.filter) == [expected])
    }

    @Test(arguments: [
        ("", "filter_specifier is required"), ("grpc_status_filter: {statuses: [17]}", "unknown statuses[0]"),
        ("metadata_filter: {}", "unsupported field \"metadata_filter\" in AccessLogFilter"),
        ("log_type_filter: {}", "unsupported field \"log_type_filter\" in AccessLogFilter"),
        ("traceable_filter: {}", "unsupported field \"traceable_filter\" in AccessLogFilter"),
        ("extension_filter: {}", "unsupported field \"extension_filter\" in AccessLogFilter"),
    ])
    func `a wrong filter is refused`(written: String, message: String) {
        #expect(Sample.load(manager: filter(written)).messages == [message])
    }

    @Test(arguments: [
        ("access_log_options: {access_log_flush_interval: 0s}", "value must be greater than or equal to 1ms"),
        ("access_log_flush_interval: 0.0001s", "value must be greater than or equal to 1ms"),
        (
            "access_log_options: {flush_log_on_tunnel_successfully_established: true}",
            "tunnels get their line at their end"
        ),
        ("access_log_options: {access_log_flush_interval: 0.5s}", "a request gets its line at its end"),
        ("access_log_options: {flush_access_log_on_new_request: true}", "a request gets its line at its end"),
        ("access_log_flush_interval: 0.5s", "a request gets its line at its end"),
        ("flush_access_log_on_new_request: true", "a request gets its line at its end"),
    ])
    func `wrong options are refused`(options: String, message: String) {
        #expect(Sample.load(manager: options).errors.map(\.message) == [message])
    }

    @Test(arguments: ["access_log_flush_interval: 1s", "flush_access_log_on_new_request: true"])
    func `options in both places are refused`(option: String) {
        let name = option.prefix { $0 != ":" }
        let messages = Sample.load(manager: "\(option)\n          access_log_options: {}").errors.map(\.message)
        #expect(messages.contains("Only one of \(name) or access_log_options can be specified."))
    }

    @Test func `the router logs its tries`() {
        let type = "envoy.extensions.filters.http.router.v3.Router"
        let log = "\n              upstream_log: [{typed_config: \(Self.output)}]"
        let result = Sample.load(("\(type)\n", "\(type)\(log)\n"))
        #expect(result.manager?.upstreamLogs == [AccessLog(.standardOutput)], "\(result.rendered)")
        let options = "\n              upstream_log_options: {upstream_log_flush_interval: 1s}"
        #expect(Sample.load(("\(type)\n", "\(type)\(options)\n")).messages == ["a try gets its line at its end"])
    }

    @Test func `listeners and the admin server have logs, too`() {
        let log = "access_log: [{typed_config: \(Self.output)}]"
        let result = Sample.load(("  - name: main", "  - name: main\n    \(log)"))
        #expect(result.configuration?.listeners.first?.accessLogs == [AccessLog(.standardOutput)], "\(result.rendered)")
        let admin = Sample.load("admin: {\(log), access_log_path: /dev/null}")
        #expect(admin.configuration?.adminLogs == [AccessLog(.standardOutput), AccessLog(.file(path: "/dev/null"))])
    }
}

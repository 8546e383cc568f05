// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The connection manager: what its fields become, and Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct ConnectionManagerTests {
    private func expect(_ fields: String, _ change: (inout ConnectionManager) -> Void) throws {
        var expected = try #require(Sample.load().manager)
        change(&expected)
        let indented = fields.replacing("\n", with: "\n" + String(repeating: " ", count: 10))
        let result = Sample.load(manager: indented)
        #expect(result.manager == expected, "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `what is believed of requests arrives in the model`() throws {
        try expect(
            """
            use_remote_address: true
            xff_num_trusted_hops: 2
            skip_xff_append: true
            via: v
            represent_ipv4_remote_address_as_ipv4_mapped_ipv6: true
            append_x_forwarded_port: true
            scheme_header_transformation: {scheme_to_overwrite: https}
            """
        ) {
            $0.forwarding.usesRemoteAddress = true
            $0.forwarding.trustedHops = 2
            $0.forwarding.skipsAppend = true
            $0.forwarding.via = "v"
            $0.forwarding.mapsIPv4 = true
            $0.forwarding.appendsPort = true
            $0.forwarding.scheme = .overwrite("https")
        }
    }

    private static let ranges: [(String, AddressRange)] = [
        ("{address_prefix: 10.1.2.3, prefix_len: 8}", AddressRange(address: [10, 1, 2, 3], prefixLength: 8)),
        ("{address_prefix: 10.1.2.3}", AddressRange(address: [10, 1, 2, 3], prefixLength: 0)),
        ("{address_prefix: 10.1.2.3, prefix_len: 33}", AddressRange(address: [10, 1, 2, 3], prefixLength: 32)),
        (
            "{address_prefix: \"2001:db8::1\", prefix_len: 32}",
            AddressRange(address: [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], prefixLength: 32)
        ),
        (
            "{address_prefix: \"::\", prefix_len: 128}",
            AddressRange(address: [UInt8](repeating: 0, count: 16), prefixLength: 128)
        ),
        (
            "{address_prefix: \"::ffff:1.2.3.4\", prefix_len: 96}",
            AddressRange(address: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4], prefixLength: 96)
        ),
        (
            "{address_prefix: \"fe80::1%lo\", prefix_len: 10}",
            AddressRange(address: [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], prefixLength: 10)
        ),
    ]

    @Test(arguments: ranges)
    func `internal addresses arrive in the model`(written: String, range: AddressRange) throws {
        try expect("internal_address_config: {cidr_ranges: [\(written)]}") { $0.forwarding.internalRanges = [range] }
    }

    @Test(arguments: ["{}", "{cidr_ranges: []}"])
    func `an empty list of internal addresses makes nobody internal`(written: String) throws {
        try expect("internal_address_config: \(written)") { $0.forwarding.internalRanges = [] }
    }

    @Test func `what is changed in requests arrives in the model`() throws {
        try expect(
            """
            generate_request_id: false
            preserve_external_request_id: true
            always_set_request_id_in_response: true
            normalize_path: true
            merge_slashes: true
            path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT
            strip_matching_host_port: true
            strip_trailing_host_dot: true
            add_user_agent: true
            """
        ) {
            $0.requestID.generates = false
            $0.requestID.preservesExternal = true
            $0.requestID.isInResponse = true
            $0.path.normalizes = true
            $0.path.mergesSlashes = true
            $0.path.escapedSlashes = .unescapeAndRedirect
            $0.host.port = .stripIfListener
            $0.host.stripsTrailingDot = true
            $0.addsUserAgent = true
        }
        try expect("strip_any_host_port: true") { $0.host.port = .strip }
        try expect("strip_matching_host_port: true\nstrip_any_host_port: false") { $0.host.port = .stripIfListener }
    }

    private static let slashes: [(String, PathOptions.EscapedSlashes)] = [
        ("IMPLEMENTATION_SPECIFIC_DEFAULT", .keep), ("KEEP_UNCHANGED", .keep), ("REJECT_REQUEST", .reject),
        ("UNESCAPE_AND_FORWARD", .unescapeAndForward),
    ]

    @Test(arguments: slashes)
    func `escaped slashes`(written: String, action: PathOptions.EscapedSlashes) throws {
        try expect("path_with_escaped_slashes_action: \(written)") { $0.path.escapedSlashes = action }
    }

    private static let serverHeaders: [(String, ConnectionManager.ServerHeader)] = [
        ("OVERWRITE", .overwrite), ("APPEND_IF_ABSENT", .appendIfAbsent), ("PASS_THROUGH", .passThrough),
    ]

    @Test(arguments: serverHeaders)
    func `the server header`(written: String, transformation: ConnectionManager.ServerHeader) throws {
        try expect("server_header_transformation: \(written)\nserver_name: \"\"") { $0.serverHeader = transformation }
    }

    @Test func `how HTTP is spoken arrives in the model`() throws {
        try expect(
            """
            http_protocol_options: {accept_http_10: true, default_host_for_http_10: h, enable_trailers: true,
              header_key_format: {proper_case_words: {}}, allow_absolute_url: true}
            upgrade_configs: [{upgrade_type: WebSocket}, {upgrade_type: CONNECT, enabled: false}]
            proxy_100_continue: true
            """
        ) {
            $0.http1.acceptsHTTP10 = true
            $0.http1.defaultHost = "h"
            $0.http1.passesTrailers = true
            $0.http1.headerCase = .proper
            $0.upgrades = ["websocket": UpgradePolicy(), "connect": UpgradePolicy(isEnabled: false)]
            $0.proxiesContinue = true
        }
    }

    private static let formatter = """
        {name: f, typed_config: {"@type": type.googleapis.com/\
        envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig}}
        """

    @Test func `header names may keep their case`() throws {
        try expect("http_protocol_options: {header_key_format: {stateful_formatter: \(Self.formatter)}}") {
            $0.http1.headerCase = .preserved
        }
    }

    @Test func `the request identifier extension is the one that there is`() throws {
        let type = "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig"
        try expect("request_id_extension: {typed_config: {\"@type\": \(type), pack_trace_reason: false}}") { _ in }
        try expect("request_id_extension: {}") { _ in }
    }

    @Test func `times and counts arrive in the model`() throws {
        try expect(
            """
            stream_idle_timeout: 1s
            request_timeout: 2s
            request_headers_timeout: 3s
            delayed_close_timeout: 4s
            drain_timeout: 11s
            max_request_headers_kb: 8192
            common_http_protocol_options: {idle_timeout: 6s, max_connection_duration: 7s, max_stream_duration: 8s,
              max_headers_count: 9, max_requests_per_connection: 10, headers_with_underscores_action: DROP_HEADER}
            """
        ) {
            $0.timeouts.streamIdle = .seconds(1)
            $0.timeouts.request = .seconds(2)
            $0.timeouts.requestHeaders = .seconds(3)
            $0.timeouts.delayedClose = .seconds(4)
            $0.timeouts.drain = .seconds(11)
            $0.timeouts.idle = .seconds(6)
            $0.timeouts.maxConnectionDuration = .seconds(7)
            $0.timeouts.maxStreamDuration = .seconds(8)
            $0.limits.headKilobytes = 8192
            $0.limits.headerCount = 9
            $0.limits.requestsPerConnection = 10
            $0.limits.underscores = .dropHeader
        }
    }

    @Test func `a time of zero is none`() throws {
        try expect(
            """
            stream_idle_timeout: 0s
            request_headers_timeout: 0s
            delayed_close_timeout: 0s
            drain_timeout: 0s
            common_http_protocol_options: {idle_timeout: 0s}
            """
        ) {
            $0.timeouts.streamIdle = .zero
            $0.timeouts.requestHeaders = .zero
            $0.timeouts.delayedClose = .zero
            $0.timeouts.drain = .zero
            $0.timeouts.idle = .zero
        }
    }

    @Test func `a head has 10 seconds unless the file says otherwise`() {
        #expect(Sample.load().manager?.timeouts.requestHeaders == .seconds(10))
    }

    @Test func `the router's own fields arrive in the model`() throws {
        var expected = try #require(Sample.load().manager)
        expected.suppressesEnvoyHeaders = true
        expected.respectsExpectedTimeout = true
        let type = "\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
        let indent = "\n" + String(repeating: " ", count: 14)
        let fields = "\(type)\(indent)suppress_envoy_headers: true\(indent)respect_expected_rq_timeout: true"
        let result = Sample.load((type, fields))
        #expect(result.manager == expected, "\(result.rendered)")
    }

    @Test func `the route configuration's own fields arrive in the model`() throws {
        var expected = try #require(Sample.load().manager).routes
        expected.mostSpecificHeadersWin = true
        expected.internalOnlyHeaders = ["x-a"]
        expected.ignoresPortInHost = true
        expected.ignoresPathParameters = true
        let indent = "\n" + String(repeating: " ", count: 12)
        let result = Sample.load(
            configuration: [
                "most_specific_header_mutations_wins: true", "internal_only_headers: [X-A, \"\"]",
                "ignore_port_in_host_matching: true", "ignore_path_parameters_in_path_matching: true",
            ].joined(separator: indent)
        )
        #expect(result.manager?.routes == expected, "\(result.rendered)")
        let refused = Sample.load(configuration: "internal_only_headers: [\"a\\nb\"]")
        #expect(refused.messages == ["value must not contain NUL, CR or LF"])
    }

    @Test func `the virtual host's own fields arrive in the model`() throws {
        let indent = "\n" + String(repeating: " ", count: 14)
        let result = Sample.load(
            host: [
                "require_tls: EXTERNAL_ONLY", "include_request_attempt_count: true",
                "include_attempt_count_in_response: true", "include_is_timeout_retry_header: true",
            ].joined(separator: indent)
        )
        let host = try #require(result.manager?.routes.virtualHosts.first, "\(result.rendered)")
        #expect(host.tlsRequirement == .externalOnly)
        #expect(host.countsAttemptsInRequest && host.countsAttemptsInResponse && host.marksTimeoutRetries)
        #expect(Sample.load(host: "require_tls: 5").messages == ["unknown require_tls"])
    }

    @Test(arguments: [
        ("max_request_headers_kb: 0", "value must be inside range (0, 8192]"),
        ("max_request_headers_kb: 8193", "value must be inside range (0, 8192]"),
        ("via: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        ("server_header_transformation: 9", "unknown server_header_transformation"),
        ("request_headers_timeout: -1s", "Expected positive duration"),
        (
            "upgrade_configs: [{upgrade_type: a}, {upgrade_type: A}]",
            "multiple upgrade configs with the same name: 'A'"
        ),
        (
            "upgrade_configs: [{upgrade_type: a, filters: [{name: x}]}]",
            "unsupported field \"filters\" in UpgradeConfig"
        ),
        (
            "internal_address_config: {cidr_ranges: [{address_prefix: nope, prefix_len: 8}]}",
            "invalid ip/mask combo 'nope/8' (format is <ip>/<# mask bits>)"
        ),
        ("internal_address_config: {cidr_ranges: [{}]}", "address_prefix is required"),
        (
            "internal_address_config: {cidr_ranges: [{address_prefix: \"::1\", prefix_len: 129}]}",
            "value must be less than or equal to 128"
        ),
        ("scheme_header_transformation: {scheme_to_overwrite: ftp}", "value must be in list [http https]"),
        ("scheme_header_transformation: {scheme_to_overwrite: HTTPS}", "value must be in list [http https]"),
        (
            "scheme_header_transformation: {match_upstream: true}",
            "unsupported field \"match_upstream\" in SchemeHeaderTransformation"
        ),
        ("http_protocol_options: {header_key_format: {}}", "header_format is required"),
        ("http_protocol_options: {header_key_format: {stateful_formatter: {name: x}}}", "typed_config is required"),
        (
            "http_protocol_options: {header_key_format: {stateful_formatter: \(formatter.replacing("name: f, ", with: ""))}}",
            "name is required"
        ),
        (
            "http_protocol_options: {use_balsa_parser: true}",
            "unsupported field \"use_balsa_parser\" in Http1ProtocolOptions"
        ),
        ("common_http_protocol_options: {max_headers_count: 0}", "value must be greater than or equal to 1"),
        ("common_http_protocol_options: {max_response_headers_kb: 0}", "value must be inside range (0, 8192]"),
        (
            "request_id_extension: {typed_config: {\"@type\": x/envoy.extensions.filters.http.router.v3.Router}}",
            "unsupported @type"
        ),
        (
            "strip_matching_host_port: true\n          strip_any_host_port: true",
            "Only one of `strip_matching_host_port` or `strip_any_host_port` can be set."
        ),
    ])
    func `a field is refused`(written: String, message: String) {
        #expect(Sample.load(manager: written).messages == [message])
    }

    @Test(arguments: [
        ("internal_address_config: {unix_sockets: true}", "there are no listeners on unix sockets"),
        ("http_protocol_options: {allow_absolute_url: false}", "absolute targets are always understood"),
        (
            "http_protocol_options: {header_key_format: {stateful_formatter: "
                + formatter.replacing("}}", with: ", forward_reason_phrase: true}}") + "}}",
            "reason phrases are always the standard ones"
        ),
        ("stream_error_on_invalid_http_message: true", "a malformed message of HTTP/1 always ends its connection"),
    ])
    func `a setting that cannot be served is not supported, rather than ignored`(written: String, message: String) {
        let result = Sample.load(manager: written)
        #expect(result.messages == [message])
        #expect(result.errors.map(\.kind) == [.unsupported])
    }

    @Test(arguments: [
        "internal_address_config: {unix_sockets: false}", "stream_error_on_invalid_http_message: false",
    ])
    func `what it is anyway may be said`(written: String) {
        #expect(Sample.load(manager: written).diagnostics.isEmpty)
    }

    @Test(arguments: [
        "path_with_escaped_slashes_action: 9", "common_http_protocol_options: {headers_with_underscores_action: 9}",
    ])
    func `a number that names nothing is refused where Envoy takes it for the default`(written: String) {
        #expect(Sample.load(manager: written).errors.map(\.kind) == [.unknown])
    }

    @Test func `a default host with a line break in it is refused`() {
        let result = Sample.load(manager: "http_protocol_options: {default_host_for_http_10: \"a\\nb\"}")
        #expect(result.messages == ["value must not contain NUL, CR or LF"])
    }
}

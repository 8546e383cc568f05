// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which format strings are accepted, and what is said of the others: all of it measured on Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct FormatParserTests {
    private func fault(_ text: String) -> FormatFault? {
        do throws(FormatFault) {
            _ = try FormatString(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "", "plain", "%%", "%REQ(a)%", "%REQ(a?b)%", "%REQ(?b)%", "%REQ(a?)%", "%REQ(:PATH)%", "%REQ(a):5%",
        "%REQ(a):0%", "%RESP(a)%", "%TRAILER(a)%", "%PROTOCOL%", "%PROTOCOL()%", "%START_TIME%", "%START_TIME(%s)%",
        "%START_TIME(%Y/%m/%dT%H:%M:%S%z %s)%", "%START_TIME(%3f)%", "%START_TIME(%Q)%", "%START_TIME(%%)%",
        "%START_TIME(%)%", "%START_TIME(abc)%", "%DURATION%", "%BYTES_RECEIVED%", "%BYTES_SENT%", "%RESPONSE_CODE%",
        "%RESPONSE_CODE_DETAILS%", "%RESPONSE_CODE_DETAILS(X)%", "%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%",
        "%RESPONSE_FLAGS%", "%RESPONSE_FLAGS_LONG%", "%UPSTREAM_HOST%", "%UPSTREAM_CLUSTER%",
        "%UPSTREAM_CLUSTER_RAW%", "%UPSTREAM_LOCAL_ADDRESS%", "%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
        "%UPSTREAM_LOCAL_PORT%", "%UPSTREAM_REMOTE_ADDRESS%", "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        "%UPSTREAM_REMOTE_PORT%", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "%ROUTE_NAME%", "%VIRTUAL_CLUSTER_NAME%",
        "%HOSTNAME%", "%ENVIRONMENT(HOME)%", "%ENVIRONMENT(HOME):2%", "%REQUESTED_SERVER_NAME%", "%STREAM_ID%",
        "%CONNECTION_ID%", "%LOCAL_REPLY_BODY%", "%QUERY_PARAM(a)%", "%QUERY_PARAM(a):3%", "%QUERY_PARAMS%",
        "%QUERY_PARAMS(ORIG)%", "%QUERY_PARAMS:3%", "%PATH%", "%PATH(WQ:ORIG)%", "%PATH(NQ:PATH)%",
        "%PATH(WQ:ORIG_OR_PATH)%", "%PATH(NQ)%", "%PATH(:)%", "%PATH(WQ:PATH:X)%", "%PATH:4%", "%PATH(WQ:PATH):4%",
        "%DOWNSTREAM_REMOTE_ADDRESS%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "%DOWNSTREAM_REMOTE_PORT%",
        "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
        "%DOWNSTREAM_DIRECT_REMOTE_PORT%", "%DOWNSTREAM_LOCAL_ADDRESS%", "%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%",
        "%DOWNSTREAM_LOCAL_PORT%", "%DOWNSTREAM_DIRECT_LOCAL_ADDRESS%", "%DOWNSTREAM_DIRECT_LOCAL_PORT%",
        "%TRACE_ID%", "%SPAN_ID%", "%%x%%", "a%REQ(h)%b",
    ])
    func `what Envoy accepts is accepted`(text: String) {
        #expect(fault(text) == nil)
    }

    @Test(arguments: [
        ("%", 0), ("a%b", 1), ("%%%", 2), ("%REQ(a):%", 0), ("%REQ(a):5x%", 0),
        ("%REQ(a):99999999999999999999999%", 0), ("%REQ(a", 0), ("%REQ(a%", 0), ("%req(a)%", 0), ("% %", 0),
        ("%REQ(a\nb)%", 0), ("é%", 2), ("100% sure", 3), ("%REQ(a)", 0), ("%REQ)a(%", 0),
    ])
    func `what is no command is refused where it begins`(text: String, position: Int) {
        let message = "Incorrect configuration: \(text). Couldn't find valid command at position \(position)"
        #expect(fault(text) == FormatFault(.invalid, message))
    }

    @Test(arguments: [
        ("%REQ%", "REQ requires parameters"),
        ("%REQ()%", "REQ requires parameters"),
        ("%RESP%", "RESP requires parameters"),
        ("%ENVIRONMENT%", "ENVIRONMENT requires parameters"),
        ("%QUERY_PARAM%", "QUERY_PARAM requires parameters"),
        ("%REQ(a?b?c)%", "More than 1 alternative header specified in token: a?b?c"),
        ("%REQ(a b)%", "Invalid header configuration. Format string contains invalid characters."),
        ("%REQ(a)b)%", "Invalid header configuration. Format string contains invalid characters."),
        ("%PROTOCOL(a)%", "PROTOCOL does not take any parameters or length"),
        ("%PROTOCOL:5%", "PROTOCOL does not take any parameters or length"),
        ("%RESPONSE_CODE:3%", "RESPONSE_CODE does not take any parameters or length"),
        ("%RESPONSE_FLAGS:1%", "RESPONSE_FLAGS does not take any parameters or length"),
        ("%HOSTNAME(a)%", "HOSTNAME does not take any parameters or length"),
        ("%DURATION:3%", "DURATION does not take any parameters or length"),
        ("%DOWNSTREAM_LOCAL_ADDRESS:3%", "DOWNSTREAM_LOCAL_ADDRESS does not take any parameters or length"),
        ("%START_TIME(%s):3%", "START_TIME does not allow length to be specified."),
        ("%START_TIME:3%", "START_TIME does not allow length to be specified."),
        ("%REQUESTED_SERVER_NAME:3%", "REQUESTED_SERVER_NAME does not allow length to be specified."),
        ("%TRACE_ID:1%", "TRACE_ID does not take any parameters or length"),
        ("%RESPONSE_CODE_DETAILS:3%", "RESPONSE_CODE_DETAILS does not allow length to be specified."),
        ("%START_TIME(%n)%", "Invalid header configuration. Format string contains newline."),
        ("%START_TIME(%-3On)%", "Invalid header configuration. Format string contains newline."),
        ("%QUERY_PARAMS(X)%", "Invalid QUERY_PARAMS option: 'X', only 'ORIG'/'DECODED' are allowed"),
        ("%REQUEST_HEADER%", "REQUEST_HEADER requires parameters"),
        ("%RESPONSE_TRAILER()%", "RESPONSE_TRAILER requires parameters"),
        ("%EMIT_TIME:3%", "EMIT_TIME does not allow length to be specified."),
        ("%EMIT_TIME(%n)%", "Invalid header configuration. Format string contains newline."),
        ("%GRPC_STATUS:3%", "GRPC_STATUS does not allow length to be specified."),
        ("%GRPC_STATUS(x)%", "GrpcStatusFormatter only supports CAMEL_STRING, SNAKE_STRING or NUMBER. Got: x"),
        ("%GRPC_STATUS_NUMBER(NUMBER)%", "GRPC_STATUS_NUMBER does not take any parameters or length"),
        (
            "%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(8):2%",
            "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT does not allow length to be specified."
        ),
        ("%DOWNSTREAM_PEER_SUBJECT:3%", "DOWNSTREAM_PEER_SUBJECT does not take any parameters or length"),
        ("%UPSTREAM_TLS_VERSION(x)%", "UPSTREAM_TLS_VERSION does not take any parameters or length"),
        ("%UPSTREAM_PEER_CERT_V_END:3%", "UPSTREAM_PEER_CERT_V_END does not allow length to be specified."),
        ("%UPSTREAM_HOST_NAME(x)%", "UPSTREAM_HOST_NAME does not take any parameters or length"),
        ("%ACCESS_LOG_TYPE(x)%", "ACCESS_LOG_TYPE does not take any parameters or length"),
        ("%PATH(X)%", "Invalid PATH option: 'X', only 'WQ'/'NQ' are allowed"),
        ("%PATH(NQ:X)%", "Invalid PATH option: 'X', only 'ORIG'/'PATH'/'ORIG_OR_PATH' are allowed"),
    ])
    func `a command used wrongly is refused in Envoy's words`(text: String, message: String) {
        #expect(fault(text) == FormatFault(.invalid, message))
    }

    @Test(arguments: [
        "UNKNOWN", "REQ_WITHOUT_QUERY", "VIRTUAL_HOST_NAME", "DATASOURCE", "FOO_1", "9", "_", "WORKER_ID",
        "DOWNSTREAM_FILTER_STATE", "UPSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
    ])
    func `a command that Envoy does not know is unknown`(name: String) {
        #expect(fault("%\(name)%") == FormatFault(.unknown, "Not supported field in StreamInfo: \(name)"))
    }

    @Test(arguments: [
        "DYNAMIC_METADATA(a:b)", "DYNAMIC_METADATA(a:b):3", "FILTER_STATE(a)", "FILTER_STATE(a:PLAIN):3",
        "FILTER_STATE(a:FIELD:b)", "UPSTREAM_FILTER_STATE(a)", "METADATA(ROUTE:a)", "METADATA(VIRTUAL_HOST)",
        "CLUSTER_METADATA(a)", "UPSTREAM_METADATA([\"a\",\"b\"])", "XFCC_VALUE(URI)", "XFCC_VALUE(chain)",
        "REQUESTED_SERVER_NAME", "DOWNSTREAM_LOCAL_CLOSE_REASON", "UPSTREAM_LOCAL_CLOSE_REASON", "CUSTOM_FLAGS",
        "DOWNSTREAM_PEER_CHAIN_SERIALS",
    ])
    func `a command that has nothing to say here is accepted`(command: String) throws {
        #expect(try FormatString("%\(command)%").plainText == "-")
    }

    @Test(arguments: [
        ("DYNAMIC_METADATA", "DYNAMIC_METADATA requires parameters"),
        ("CLUSTER_METADATA", "CLUSTER_METADATA requires parameters"),
        ("METADATA(X:a)", "X is not supported type of metadata"),
        ("METADATA", " is not supported type of metadata"),
        ("FILTER_STATE", "Invalid filter state configuration, key cannot be empty."),
        ("FILTER_STATE(a:X)", "Invalid filter state serialize type, only support PLAIN/TYPED/FIELD."),
        ("FILTER_STATE(a:b:c:d)", "Invalid filter state serialize type, only support PLAIN/TYPED/FIELD."),
        ("FILTER_STATE(a:FIELD)", "Invalid filter state serialize type, FIELD should be used with the field name."),
        ("FILTER_STATE(a:PLAIN:x)", "Invalid filter state serialize type, FIELD should be used with the field name."),
        ("XFCC_VALUE", "XFCC_VALUE command requires a subcommand"),
        ("XFCC_VALUE(a)", "XFCC_VALUE command does not support subcommand: a"),
        ("UNIQUE_ID:3", "UNIQUE_ID does not take any parameters or length"),
        ("UPSTREAM_HOSTS_ATTEMPTED(x)", "UPSTREAM_HOSTS_ATTEMPTED does not take any parameters or length"),
        ("UPSTREAM_HEADER_BYTES_SENT:2", "UPSTREAM_HEADER_BYTES_SENT does not take any parameters or length"),
        ("COMMON_DURATION", "COMMON_DURATION requires parameters"),
        ("COMMON_DURATION(a)", "Invalid common duration configuration: a."),
        ("COMMON_DURATION(a:b:ms:x)", "Invalid common duration configuration: a:b:ms:x."),
        ("COMMON_DURATION(X:Y:s)", "Invalid common duration precision: s."),
        ("COMMON_DURATION(a:b):3", "COMMON_DURATION does not allow length to be specified."),
        (
            "REQUESTED_SERVER_NAME(X)",
            "Invalid REQUESTED_SERVER_NAME option: 'X', only 'SNI_ONLY'/'SNI_FIRST'/'HOST_FIRST' are allowed"
        ),
        (
            "REQUESTED_SERVER_NAME(HOST_FIRST:X)",
            "Invalid REQUESTED_SERVER_NAME option: 'X', only 'ORIG_OR_HOST'/'HOST'/'ORIG' are allowed"
        ),
    ])
    func `arguments of the other commands are checked`(command: String, message: String) {
        #expect(fault("%\(command)%") == FormatFault(.invalid, message))
    }

    @Test(arguments: [
        ("", "requires parameters"),
        ("x", ": failed to parse JSON configuration: JSON supplied is not valid."),
        ("[]", ": JSON configuration must contain 'operators' array"),
        ("{}", ": JSON configuration must contain 'operators' array"),
        (#"{"operators":"x"}"#, ": 'operators' must be an array"),
        (#"{"operators":[]}"#, ": 'operators' array must not be empty"),
        (#"{"operators":["NOPE"]}"#, ": failed to parse operator at index 0: unknown command: 'NOPE'"),
        (#"{"operators":["PROTOCOL","REQ"]}"#, ": failed to parse operator at index 1: REQ requires parameters"),
        (
            #"{"operators":[1]}"#,
            ": failed to parse operator at index 0: operator entry must be either a string (command name) or an object "
                + "with 'command' field"
        ),
        (
            #"{"operators":[{"param":"a"}]}"#,
            ": failed to parse operator at index 0: operator object must have 'command' field"
        ),
        (
            #"{"operators":[{"command":"REQ","param":"a","max_length":0}]}"#,
            ": failed to parse operator at index 0: 'max_length' must be a positive integer"
        ),
        (
            #"{"operators":[{"command":"PROTOCOL","max_length":3}]}"#,
            ": failed to parse operator at index 0: PROTOCOL does not take any parameters or length"
        ),
    ])
    func `a choice is checked in Envoy's words`(argument: String, message: String) {
        let separator = argument.isEmpty ? " " : ""
        #expect(fault("%COALESCE(\(argument))%")?.message == "COALESCE" + separator + message)
    }

    @Test func `deeply nested and broken JSON is refused`() {
        let deep = String(repeating: "[", count: 10_000)
        for text in [deep, #"{"operators":["\u12"]}"#, #"{"operators":["\ud800"]}"#, #"{"a":1,}"#, #"{"a" 1}"#, "[1"] {
            #expect(fault("%COALESCE(\(text))%")?.kind == .invalid)
        }
    }

    @Test(arguments: ["CEL(request.path)", "CEL"])
    func `a command of Envoy's that is missing here is told from a typo`(command: String) {
        #expect(fault("%\(command)%") == FormatFault(.unsupported, "%\(command)% is not supported"))
    }

    @Test(arguments: ["%E3n", "%10f", "%-d", "%5Y", "%0f", "%3s", "%Ed", "%%f", "%%3s", "%:z", "%E*z", "%+"])
    func `an uncommon conversion of time is unsupported, never guessed at`(format: String) {
        #expect(fault("%START_TIME(\(format))%")?.kind == .unsupported)
    }

    @Test func `a literal has no commands`() throws {
        #expect(FormatString.literal("100% %REQ(a)%").isLiteral)
        #expect(try FormatString("a%%b").isLiteral)
        #expect(try FormatString("%ENVIRONMENT(A)%").isLiteral)
        #expect(try !FormatString("a%PROTOCOL%").isLiteral)
        #expect(try FormatString("50%%") == FormatString.literal("50%"))
        #expect(try FormatString("").isLiteral)
    }

    @Test func `environment variables are read once, shortened, and a dash without one`() throws {
        let values = ["A": "value", "E": ""]
        let format = try FormatString("%ENVIRONMENT(A)%|%ENVIRONMENT(A):2%|%ENVIRONMENT(B)%|%ENVIRONMENT(E)%") {
            values[$0]
        }
        #expect(format.plainText == "value|va|-|")
    }

    @Test(arguments: ["a\nb", "a\rb", "a\0b", "\u{7f}"])
    func `an environment variable with a control byte is refused`(value: String) {
        #expect(throws: FormatFault(.invalid, "environment variable A has a control byte")) {
            try FormatString("%ENVIRONMENT(A)%") { _ in value }
        }
    }

    @Test func `long hostile strings are refused in one pass`() {
        let length = 32 * 1024
        for unit in ["%A(", ")", "%A():1", "%%", "%START_TIME(%---", "(:1)", "%REQ(a)"] {
            let text = String(repeating: unit, count: length / unit.utf8.count)
            _ = fault(text)
            _ = fault("%REQ(" + text + ")%")
            _ = fault("%START_TIME(" + text + ")%")
        }
        #expect(fault(String(repeating: "%REQ(a)%", count: length / 8)) == nil)
    }

    @Test func `random strings are taken apart and written without a trap`() throws {
        let words = [
            "%", "%%", "REQ", "RESP", "(", ")", ":", "1", "99", "?", "a", "host", ":path", "START_TIME", "s", "f", "3",
            "E", "*", "S", "PATH", "NQ", "QUERY_PARAM", "%PROTOCOL%", "%RESPONSE_FLAGS%", "%QUERY_PARAMS%", "é", "\n",
            "\0", "%START_TIME(%", "%REQ(", ")%", "%DURATION%", "%UPSTREAM_HOST%", "%QUERY_PARAM(a)%", "_", "G", "V",
        ]
        var accepted = 0
        for seed in UInt64(1)...3_000 {
            var dice = SeededGenerator(seed: seed)
            let text = (0..<dice.number(below: 12)).map { _ in dice.pick(words) }.joined()
            guard let format = try? FormatString(text) else { continue }
            accepted += 1
            let tail = dice.pick(words).filter { $0 != " " }
            let request = RequestHead("GET /p?a=%4\(dice.number(below: 9))&b=%&\(tail)", ["host: h"])
            var facts = ExchangeFacts()
            facts.startTime = Int64.random(in: Int64.min...Int64.max, using: &dice)
            facts.elapsed = Int64.random(in: Int64.min...Int64.max, using: &dice)
            facts.connectionID = UInt64.max
            var bytes: [UInt8] = []
            format.append(to: &bytes, request: request, response: nil, facts: facts, absent: .dash)
            let body = BodyFormat(.json(.object([.init(key: text, value: .string(format))])))
            _ = body.body(request: request, response: nil, facts: facts)
        }
        #expect(accepted > 100)
    }
}

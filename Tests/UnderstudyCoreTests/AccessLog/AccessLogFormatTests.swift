// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the operators print in text and in JSON: every row measured on Envoy 1.40 with the same request.

import TestSupport
import Testing
import UnderstudyCore

struct AccessLogFormatTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let format: String
        let text: String
        let json: String
        /// In JSON and in text that omit empty values.
        let omitted: String
        let omittedText: String

        init(_ format: String, _ text: String, json: String, omitted: String? = nil, omittedText: String? = nil) {
            self.format = format
            self.text = text
            self.json = json
            self.omitted = omitted ?? json
            self.omittedText = omittedText ?? text
        }

        var testDescription: String { format }
    }

    static let rows: [Row] = [
        Row(#"%REQ(:METHOD)%"#, #"POST"#, json: #""POST""#),
        Row(#"%REQ(X-HOST?:AUTHORITY)%"#, #"h.example"#, json: #""h.example""#),
        Row(#"%REQ(x-quote)%"#, #"say "hi" \ there"#, json: #""say \"hi\" \\ there""#),
        Row(#"%REQ(x-hi)%"#, #"café"#, json: #""café""#),
        Row(#"%REQ(x-long):5%"#, #"abcde"#, json: #""abcde""#),
        Row(#"%REQ(x-empty)%"#, #""#, json: #""""#),
        Row(#"%REQ(x-none)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%REQ(x-multi)%"#, #"1"#, json: #""1""#),
        Row(#"%RESP(:STATUS)%"#, #"200"#, json: #""200""#),
        Row(#"%RESP(x-up)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%RESP(nope?x-up):0%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%TRAILER(x-t)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%TRAILER(nope?grpc-status)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%RESPONSE_TRAILER(x-t):1%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%PROTOCOL%"#, #"HTTP/1.1"#, json: #""HTTP/1.1""#),
        Row(#"%RESPONSE_CODE%"#, #"200"#, json: #"200"#),
        Row(#"%RESPONSE_CODE_DETAILS%"#, #"via_upstream"#, json: #""via_upstream""#),
        Row(#"%RESPONSE_FLAGS%"#, #"-"#, json: #""-""#),
        Row(#"%RESPONSE_FLAGS_LONG%"#, #"-"#, json: #""-""#),
        Row(#"%BYTES_RECEIVED%"#, #"0"#, json: #"0"#),
        Row(#"%BYTES_SENT%"#, #"5"#, json: #"5"#),
        Row(#"%UPSTREAM_CLUSTER%"#, #"a"#, json: #""a""#),
        Row(#"%UPSTREAM_CONNECTION_ID%"#, #"2"#, json: #"2"#),
        Row(#"%ROUTE_NAME%"#, #"rname"#, json: #""rname""#),
        Row(#"%VIRTUAL_CLUSTER_NAME%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%GRPC_STATUS%"#, #"Unknown"#, json: #""Unknown""#),
        Row(#"%GRPC_STATUS(SNAKE_STRING)%"#, #"UNKNOWN"#, json: #""UNKNOWN""#),
        Row(#"%GRPC_STATUS(NUMBER)%"#, #"2"#, json: #"2"#),
        Row(#"%GRPC_STATUS_NUMBER%"#, #"2"#, json: #"2"#),
        Row(#"%ENVIRONMENT(FOO)%"#, #"bar"q"#, json: #""bar\"q""#),
        Row(#"%ENVIRONMENT(NOPE)%"#, #"-"#, json: #""-""#),
        Row(#"%QUERY_PARAM(a)%"#, #"1 2"#, json: #""1 2""#),
        Row(#"%QUERY_PARAM(b):2%"#, #"xy"#, json: #""xy""#),
        Row(#"%QUERY_PARAMS%"#, #"a=1%202&b=xyz+1&c=%C3%A9&d=%2"#, json: #""a=1%202&b=xyz+1&c=%C3%A9&d=%2""#),
        Row(#"%QUERY_PARAMS(ORIG)%"#, #"a=1%202&b=xyz+1&c=%C3%A9&d=%2"#, json: #""a=1%202&b=xyz+1&c=%C3%A9&d=%2""#),
        Row(#"%QUERY_PARAMS(DECODED)%"#, #"a=1%202&b=xyz+1&c=%C3%A9&d=%2"#, json: #""a=1%202&b=xyz+1&c=%C3%A9&d=%2""#),
        Row(#"%QUERY_PARAMS(DECODED):7%"#, #"a=1%202"#, json: #""a=1%202""#),
        Row(#"%PATH(NQ)%"#, #"/trailer/vc"#, json: #""/trailer/vc""#),
        Row(#"%PATH(WQ:PATH):6%"#, #"/trail"#, json: #""/trail""#),
        Row(#"%ACCESS_LOG_TYPE%"#, #"DownstreamEnd"#, json: #""DownstreamEnd""#),
        Row(
            #"%COALESCE({"operators":["UPSTREAM_TRANSPORT_FAILURE_REASON",{"command":"REQ","param":"x-none"},{"command":"REQ","param":"x-long","max_length":3}]})%"#,
            #"abc"#,
            json: #""abc""#
        ),
        Row(
            #"%COALESCE({"operators":[{"command":"REQ","param":"x-none"}]})%"#,
            #"-"#,
            json: #"null"#,
            omitted: #""#,
            omittedText: #""#
        ),
        Row(#"%COALESCE({"operators":["RESPONSE_CODE"]}):2%"#, #"20"#, json: #"200"#),
        Row(#"%COALESCE({"operators":[{"command":"REQ","param":"x-empty"},"PROTOCOL"]})%"#, #""#, json: #""""#),
        Row(#"%DYNAMIC_METADATA(a:b)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%METADATA(ROUTE:a)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%METADATA(CLUSTER:a:b)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%CLUSTER_METADATA(a)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%UPSTREAM_METADATA(a)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%FILTER_STATE(a:PLAIN)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%UPSTREAM_FILTER_STATE(a)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%COMMON_DURATION(a:b)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%COMMON_DURATION(US_CX_BEG:US_CX_END:ms)%"#, #"0"#, json: #"0"#),
        Row(#"%COMMON_DURATION(US_HS_END:US_TX_END:ms)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%COMMON_DURATION(DS_TX_END:DS_RX_BEG:ms)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%COMMON_DURATION(DS_RX_BEG:DS_RX_BEG:ns)%"#, #"0"#, json: #"0"#),
        Row(#"%LOCAL_REPLY_BODY%"#, #""#, json: #""""#),
        Row(#"%DOWNSTREAM_PEER_SUBJECT%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%TRACE_ID%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%START_TIME_LOCAL(%z %Z)%"#, #"+0000 UTC"#, json: #""+0000 UTC""#),
        Row(#"%EMIT_TIME_LOCAL(%z)%"#, #"+0000"#, json: #""+0000""#),
        Row(#"%REQUESTED_SERVER_NAME%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%REQUESTED_SERVER_NAME(HOST_FIRST)%"#, #"h.example"#, json: #""h.example""#),
        Row(#"%REQUESTED_SERVER_NAME(SNI_FIRST:ORIG)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%XFCC_VALUE(uri)%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"%UPSTREAM_HOST_NAME_WITHOUT_PORT%"#, #"127.0.0.1"#, json: #""127.0.0.1""#),
        Row(#"%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%"#, #"127.0.0.1"#, json: #""127.0.0.1""#),
        Row(#"%DOWNSTREAM_DETECTED_CLOSE_TYPE%"#, #"Normal"#, json: #""Normal""#),
        Row(#"%UPSTREAM_DETECTED_CLOSE_TYPE%"#, #"Normal"#, json: #""Normal""#),
        Row(#"%UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT%"#, #"127.0.0.1"#, json: #""127.0.0.1""#),
        Row(#"%DOWNSTREAM_HEADER_BYTES_RECEIVED%"#, #"242"#, json: #"242"#),
        Row(#"%REQ(:SCHEME)%"#, #"http"#, json: #""http""#),
        Row(#"%TLS_JA3_FINGERPRINT%"#, #"-"#, json: #"null"#, omitted: #""#, omittedText: #""#),
        Row(#"100%%"#, #"100%"#, json: #""100%""#),
    ]

    private static let request = RequestHead(
        "POST /trailer/vc?a=1%202&b=xyz+1&c=%C3%A9&d=%2",
        [
            "host: h.example", "x-quote: say \"hi\" \\ there", "x-hi: café", "x-long: abcdefghij", "x-empty: ",
            "x-multi: 1", "x-multi: 2", "content-type: application/grpc",
        ]
    )

    private static var facts: ExchangeFacts {
        var facts = ExchangeFacts()
        facts.status = 200
        facts.responseDetails = "via_upstream"
        facts.bytesSent = 5
        facts.clusterName = Array("a".utf8)
        facts.routeName = Array("rname".utf8)
        facts.upstream = NetworkAddress(host: Array("127.0.0.1".utf8), port: 34525)
        facts.local = NetworkAddress(host: Array("127.0.0.1".utf8), port: 80)
        facts.upstreamConnectionID = 2
        facts.logType = "DownstreamEnd"
        facts.downstreamBytes.headersReceived = 242
        facts.timing.requestEnd = 100
        facts.timing.connectStart = -500_000
        facts.timing.connectEnd = 300_000
        facts.timing.upstreamSendEnd = 400_000
        facts.timing.sendEnd = 2_000_000
        return facts
    }

    private func line(_ format: BodyFormat) -> String {
        let log = AccessLogLine(AccessLog(.standardOutput, format: format))
        var bytes: [UInt8] = []
        let response = ResponseHead(status: 200, ["content-type: text/plain"])
        log.append(to: &bytes, request: Self.request, response: response, facts: Self.facts)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func format(_ text: String) throws -> FormatString {
        try FormatString(text) { $0 == "FOO" ? "bar\"q" : nil }
    }

    @Test(arguments: rows) func `text is Envoy's`(row: Row) throws {
        #expect(try line(BodyFormat(.text(format(row.format + "\n")))) == row.text + "\n")
        #expect(try line(BodyFormat(.text(format(row.format)), omitsEmptyValues: true)) == row.omittedText)
    }

    @Test(arguments: rows) func `JSON is Envoy's`(row: Row) throws {
        let tree = try FormatTree.object([.init(key: "v", value: .string(format(row.format)))])
        #expect(line(BodyFormat(.json(tree))) == "{\"v\":\(row.json)}\n")
        let omitted = row.omitted.isEmpty ? "{}\n" : "{\"v\":\(row.omitted)}\n"
        #expect(line(BodyFormat(.json(tree), omitsEmptyValues: true)) == omitted)
    }

    @Test func `bytes that are no UTF-8 are kept in text and escaped in JSON`() throws {
        var request = RequestHead("GET /", ["host: h"])
        request.headers.add("x-bad", [0x61, 0xFF, 0xC3, 0x62, 0x22, 0x5C], known: .other)
        var text: [UInt8] = []
        let format = BodyFormat(.text(try FormatString("%REQ(x-bad)%")))
        let line = AccessLogLine(AccessLog(.standardOutput, format: format))
        line.append(to: &text, request: request, response: nil, facts: ExchangeFacts())
        #expect(text == [0x61, 0xFF, 0xC3, 0x62, 0x22, 0x5C])
        let json = BodyFormat(.json(.string(try FormatString("<%REQ(x-bad)%>"))))
        let body = json.body(request: request, response: nil, facts: ExchangeFacts()).bytes
        #expect(String(decoding: body, as: UTF8.self) == #""<a\u00ff\u00c3b\u0022\u005c>""# + "\n")
    }

    @Test func `trailers are told, and counted`() throws {
        var facts = Self.facts
        facts.responseTrailers = HeaderBlock(["x-t: tv", "grpc-status: 5"])
        let text = try FormatString(
            "%TRAILER(x-t)%/%TRAILER(nope?grpc-status)%/%TRAILER(x-t):1% %RESPONSE_TRAILERS_BYTES%"
        )
        #expect(text.text(Self.request, facts: facts) == "tv/5/t 17")
        let status = try FormatString("%GRPC_STATUS% %GRPC_STATUS_NUMBER%")
        let response = ResponseHead(status: 200, ["grpc-status: 3"])
        #expect(status.text(Self.request, response: response, facts: facts) == "NotFound 5")
    }

    @Test func `the details of a reset have the transport's reason`() throws {
        var facts = ExchangeFacts()
        facts.responseDetails = "upstream_reset_before_response_started{remote_connection_failure}"
        let format = try FormatString("%RESPONSE_CODE_DETAILS% %UPSTREAM_TRANSPORT_FAILURE_REASON%")
        #expect(
            format.text(Self.request, facts: facts)
                == "upstream_reset_before_response_started{remote_connection_failure} -"
        )
        facts.transportFailure = Array("delayed connect error: Connection refused".utf8)
        #expect(
            format.text(Self.request, facts: facts)
                == "upstream_reset_before_response_started{remote_connection_failure|"
                + "delayed_connect_error:_Connection_refused} delayed_connect_error:_Connection_refused"
        )
    }

    @Test func `points in time that were not reached give no duration`() throws {
        var facts = Self.facts
        let format = try FormatString(
            "%REQUEST_DURATION%|%REQUEST_TX_DURATION%|%RESPONSE_TX_DURATION%|%UPSTREAM_CONNECTION_POOL_READY_DURATION%|"
                + "%COMMON_DURATION(US_TX_BEG:US_TX_END:us)%|%COMMON_DURATION(DS_RX_BEG:DS_RX_END:ns)%"
        )
        facts.timing = ExchangeTiming()
        #expect(format.text(Self.request, facts: facts) == "-|-|-|-|-|-")
        facts.timing.requestEnd = 1_999_999
        facts.timing.poolReady = 3_000_000
        facts.timing.upstreamSendStart = 4_000_000
        facts.timing.upstreamSendEnd = 5_500_999
        facts.answerTime = 6_000_000
        facts.timing.sendEnd = 8_000_000
        #expect(format.text(Self.request, facts: facts) == "1|5|2|3|1500|1999999")
    }

    @Test func `the log of a try has no stream, and its own kind`() throws {
        let request = RequestHead("GET /", ["host: h-shadow", "x-request-id: id"])
        let format = try FormatString(
            "%STREAM_ID% %REQ(x-request-id)% %ACCESS_LOG_TYPE% %PROTOCOL% %UPSTREAM_CONNECTION_ID%"
        )
        var facts = ExchangeFacts()
        #expect(format.text(request, facts: facts) == "id id NotSet HTTP/1.1 0")
        facts.hasStreamID = false
        facts.logType = "UpstreamEnd"
        facts.protocolName = nil
        #expect(format.text(request, facts: facts) == "- id UpstreamEnd - 0")
    }

    @Test func `a decoded query keeps what may not stand in a URL`() throws {
        let query = (0..<256).map { byte in
            let digits = String(byte, radix: 16)
            return "%" + (digits.count < 2 ? "0" + digits : digits)
        }
        let kept = Set(Array(0...0x20) + [0x3C, 0x3E, 0x5C, 0x5E, 0x7B, 0x7C, 0x7D] + Array(0x7F...0xFF))
        let expected = query.enumerated().map { index, text in
            kept.contains(index) ? text : String(Unicode.Scalar(UInt8(index)))
        }
        let request = RequestHead("GET /?" + query.joined(separator: "&"), ["host: h"])
        #expect(try FormatString("%QUERY_PARAMS(DECODED)%").text(request) == expected.joined(separator: "&"))
    }

    @Test func `local times are shifted, and tell their zone`() throws {
        var facts = ExchangeFacts()
        facts.startTime = 1_795_548_593_729_233_000
        facts.zone.offset = -(3 * 3600 + 1800)
        facts.zone.name = Array("NST".utf8)
        let request = RequestHead("GET /", ["host: h"])
        let format = try FormatString("%START_TIME_LOCAL(%H:%M %z %Ez %Z %s)% %START_TIME(%H:%M %z %Z)%")
        #expect(format.needs == .zone)
        #expect(format.text(request, facts: facts) == "15:59 -0330 -03:30 NST 1795548593 19:29 +0000 UTC")
    }

    @Test func `a line says which facts it needs`() throws {
        func needs(_ text: String) throws -> FactNeeds { try FormatString(text).needs }
        #expect(AccessLogLine(AccessLog(.standardOutput)).needs == .upstream)
        #expect(try needs("%DURATION% %RESPONSE_FLAGS%").isEmpty)
        #expect(try needs("%REQUEST_DURATION%%UPSTREAM_WIRE_BYTES_SENT%") == [.timing, .wireBytes])
        #expect(try needs(#"%COALESCE({"operators":["HOSTNAME","UNIQUE_ID"]})%"#) == [.hostname, .unique])
        let tree = try FormatTree.list([
            .null, .object([.init(key: "a", value: .string(FormatString("%TRAILER(x)%")))]),
        ])
        #expect(BodyFormat(.json(tree)).needs == .trailers)
    }
}

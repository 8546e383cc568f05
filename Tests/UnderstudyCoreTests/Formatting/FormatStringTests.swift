// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What each command says of an exchange, and what where it has nothing to say.

import TestSupport
import Testing
import UnderstudyCore

struct FormatStringTests {
    private let request = RequestHead(
        "POST /p/q?a=1&b=%20c+d&z",
        ["host: h.com:81", "h: hv", "e: ", "x-dup: 1", "x-dup: 2", "x-request-id: id-1", "x-forwarded-proto: https"]
    )
    private let response = ResponseHead(status: 201, ["content-length: 3", "x-r: rv"])

    @Test(arguments: [
        ("a%REQ(h)%b%%", "ahvb%"), ("%REQ(H)%", "hv"), ("%REQ(n)%", "-"), ("%REQ(e)%", ""), ("%REQ(e?h)%", ""),
        ("%REQ(n?h)%", "hv"), ("%REQ(?h)%", "hv"), ("%REQ(n?m)%", "-"), ("%REQ(x-dup)%", "1"), ("%REQ(h):1%", "h"),
        ("%REQ(h):0%", ""), ("%REQ(h):9%", "hv"), ("%REQ(n):1%", "-"), ("%REQ(:METHOD)%", "POST"),
        ("%REQ(:path)%", "/p/q?a=1&b=%20c+d&z"), ("%REQ(:AUTHORITY)%", "h.com:81"), ("%REQ(host)%", "h.com:81"),
        ("%REQ(:scheme)%", "https"), ("%REQ(:status)%", "-"), ("%REQ(:foo?h)%", "hv"),
        ("%RESP(x-r)%", "rv"), ("%RESP(:status)%", "201"), ("%RESP(n?content-length)%", "3"), ("%RESP(n)%", "-"),
        ("%TRAILER(x-r)%", "-"), ("%PATH%", "/p/q?a=1&b=%20c+d&z"), ("%PATH(NQ)%", "/p/q"), ("%PATH(WQ:ORIG)%", "-"),
        ("%PATH(NQ:PATH):3%", "/p/"), ("%QUERY_PARAMS%", "a=1&b=%20c+d&z"), ("%QUERY_PARAMS:3%", "a=1"),
        ("%QUERY_PARAM(a)%", "1"), ("%QUERY_PARAM(A)%", "-"), ("%QUERY_PARAM(z)%", ""), ("%QUERY_PARAM(b)%", " c+d"),
        ("%QUERY_PARAM(b):2%", " c"), ("%STREAM_ID%", "id-1"), ("%PROTOCOL%", "HTTP/1.1"),
        ("%RESPONSE_CODE%", "503"), ("%RESPONSE_CODE_DETAILS%", "delayed_connect_error:_refused"),
        ("%RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%", "delayed connect error: refused"),
        ("%RESPONSE_FLAGS%", "UF,URX"),
        ("%RESPONSE_FLAGS_LONG%", "UpstreamConnectionFailure,UpstreamRetryLimitExceeded"),
        ("%DURATION%", "12"), ("%BYTES_RECEIVED%", "100000"), ("%BYTES_SENT%", "5"), ("%CONNECTION_ID%", "7"),
        ("%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "2"), ("%ROUTE_NAME%", "rn"), ("%UPSTREAM_CLUSTER%", "up"),
        ("%UPSTREAM_CLUSTER_RAW%", "up"), ("%HOSTNAME%", "vm"), ("%LOCAL_REPLY_BODY%", "hi\n\"there\""),
        ("%DOWNSTREAM_REMOTE_ADDRESS%", "10.0.0.1:0"), ("%DOWNSTREAM_REMOTE_PORT%", "0"),
        ("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.1"),
        ("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "127.0.0.1:5000"),
        ("%DOWNSTREAM_LOCAL_ADDRESS%", "[::1]:80"), ("%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%", "::1"),
        ("%DOWNSTREAM_DIRECT_LOCAL_PORT%", "80"), ("%UPSTREAM_HOST%", "127.0.0.2:9182"),
        ("%UPSTREAM_REMOTE_ADDRESS%", "127.0.0.2:9182"), ("%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "127.0.0.2"),
        ("%UPSTREAM_REMOTE_PORT%", "9182"), ("%UPSTREAM_LOCAL_ADDRESS%", "127.0.0.3:53006"),
        ("%UPSTREAM_LOCAL_PORT%", "53006"), ("%VIRTUAL_CLUSTER_NAME%", "-"), ("%REQUESTED_SERVER_NAME%", "-"),
        ("%START_TIME%", "2026-11-24T19:29:53.729Z"), ("%EMIT_TIME(%E6S)%", "53.742232"),
        ("%REQUEST_HEADER(h)%", "hv"), ("%RESPONSE_HEADER(x-r)%", "rv"), ("%RESPONSE_TRAILER(x-r)%", "-"),
        ("%UPSTREAM_HOST_NAME%", "up.example"), ("%UPSTREAM_HOST_NAME_WITHOUT_PORT%", "up.example"),
        ("%UPSTREAM_PROTOCOL%", "HTTP/1.1"), ("%RESPONSE_DURATION%", "9"), ("%ACCESS_LOG_TYPE%", "NotSet"),
        ("%REQUEST_HEADERS_BYTES%", "119"), ("%RESPONSE_HEADERS_BYTES%", "30"), ("%RESPONSE_TRAILERS_BYTES%", "0"),
        ("%BYTES_RETRANSMITTED%%PACKETS_RETRANSMITTED%", "00"), ("%FILTER_CHAIN_NAME%", "-"), ("%TRACE_ID%", "-"),
        ("%DOWNSTREAM_PEER_SUBJECT%", "-"), ("%UPSTREAM_PEER_CERT_V_START(%Y)%", "-"), ("%ROUNDTRIP_DURATION%", "-"),
        ("%REQUESTED_SERVER_NAME(SNI_ONLY)%", "-"), ("%GRPC_STATUS%", "-"),
    ])
    func `a command says what is known`(format: String, expected: String) throws {
        #expect(try FormatString(format).text(request, response: response, facts: .complete) == expected)
    }

    @Test(arguments: [
        ("%UPSTREAM_HOST%", "-"), ("%UPSTREAM_LOCAL_PORT%", "-"), ("%ROUTE_NAME%", "-"), ("%UPSTREAM_CLUSTER%", "-"),
        ("%RESPONSE_CODE_DETAILS%", "-"), ("%RESPONSE_CODE%", "0"), ("%RESP(a)%", "-"), ("%QUERY_PARAMS%", "-"),
        ("%UPSTREAM_PROTOCOL%", "-"), ("%UPSTREAM_HOST_NAME%", "-"), ("%RESPONSE_DURATION%", "-"),
        ("%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(8)%", "-"), ("%RESPONSE_HEADERS_BYTES%", "0"),
        ("%STREAM_ID%", "-"), ("%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "0"), ("%LOCAL_REPLY_BODY%", ""),
    ])
    func `what is not known is a dash, or nothing where the format asks for that`(
        format: String,
        expected: String
    ) throws {
        let bare = RequestHead("GET /", ["host: h"])
        #expect(try FormatString("<\(format)>").text(bare) == "<\(expected)>")
        let empty = expected == "-" ? "" : expected
        #expect(try FormatString("<\(format)>").text(bare, absent: .empty) == "<\(empty)>")
    }

    @Test(arguments: [
        ("8", "1.0.0.0/8", "2000::/8"), ("0", "0.0.0.0/0", "::/0"), ("32", "1.2.3.4/32", "2001:db8::/32"),
        ("33", "1.2.3.4/32", "2001:db8:8000::/33"), ("64", "1.2.3.4/32", "2001:db8:ffff::/64"),
        ("65", "1.2.3.4/32", "2001:db8:ffff::/65"), ("128", "1.2.3.4/32", "2001:db8:ffff::1/128"),
        ("129", "1.2.3.4/32", "2001:db8:ffff::1/128"), ("2147483647", "1.2.3.4/32", "2001:db8:ffff::1/128"),
        ("", "1.2.3.4", "2001:db8:ffff::1"), ("x", "1.2.3.4", "2001:db8:ffff::1"),
        ("1x", "1.2.3.4", "2001:db8:ffff::1"), ("4294967304", "1.2.3.4", "2001:db8:ffff::1"),
        ("+", "1.2.3.4", "2001:db8:ffff::1"), (" +08 ", "1.0.0.0/8", "2000::/8"), ("-0", "0.0.0.0/0", "::/0"),
        ("-1", "-", "-"),
    ])
    func `an address is told as far as its prefix goes`(prefix: String, ipv4: String, ipv6: String) throws {
        let format = try FormatString("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(\(prefix))%")
        var facts = ExchangeFacts()
        facts.remote = NetworkAddress(host: Array("1.2.3.4".utf8), port: 1)
        #expect(format.text(request, facts: facts) == ipv4)
        facts.remote = NetworkAddress(host: Array("2001:db8:ffff::1".utf8), port: 1)
        #expect(format.text(request, facts: facts) == ipv6)
    }

    @Test func `an upstream without a name goes by its address`() throws {
        var facts = ExchangeFacts()
        facts.upstream = NetworkAddress(host: Array("::1".utf8), port: 81)
        let format = try FormatString("%UPSTREAM_HOST_NAME% %UPSTREAM_HOST_NAME_WITHOUT_PORT%")
        #expect(format.text(request, facts: facts) == "[::1]:81 ::1")
    }

    @Test(arguments: [
        ("application/grpc", "grpc-status: 1", "Canceled CANCELLED 1"),
        ("application/grpc+proto", "grpc-status: 0", "OK OK 0"),
        ("application/grpc", "grpc-status: 16", "Unauthenticated UNAUTHENTICATED 16"),
        ("application/grpc", "grpc-status: 17", "17 17 17"), ("application/grpc", "grpc-status: -1", "-1 -1 -1"),
        ("application/grpc", "grpc-status: x", "-1 -1 -1"), ("application/grpc", "grpc-status: ", "-1 -1 -1"),
        ("application/grpc", "a: 1", "Unavailable UNAVAILABLE 14"), ("application/grpc-web", "grpc-status: 1", "- - -"),
    ])
    func `the outcome of a call is that of the answer, or what HTTP makes of it`(
        contentType: String,
        line: String,
        expected: String
    ) throws {
        let head = RequestHead("POST /", ["host: h", "content-type: \(contentType)"])
        let format = try FormatString("%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS_NUMBER%")
        let answer = ResponseHead(status: 503, [line])
        #expect(format.text(head, response: answer, facts: .complete) == expected)
        #expect(format.text(head) == "- - -")
    }

    @Test func `no flags are a dash in any case`() throws {
        let bare = RequestHead("GET /", ["host: h"])
        #expect(try FormatString("%RESPONSE_FLAGS%%RESPONSE_FLAGS_LONG%").text(bare, absent: .empty) == "--")
    }

    @Test(arguments: [
        ("/q", nil, nil), ("/q?", nil, ""), ("/q?a", "", "a"), ("/q?a=b=c&a=d", "b=c", "a=b=c&a=d"),
        ("/q?&&=x&a=", "", "&&=x&a="), ("/q?a=%4", "%4", "a=%4"), ("/q?a=%", "%", "a=%"),
        ("/q?a=%4g%41", "%4gA", "a=%4g%41"), ("/q?%61=7", "7", "%61=7"), ("/q;x?a=1", "1", "a=1"),
        ("/q?x?a=1", nil, "x?a=1"),
    ])
    func `query parameters are found as Envoy finds them`(target: String, a: String?, query: String?) throws {
        let head = RequestHead("GET \(target)", ["host: h"])
        #expect(try FormatString("%QUERY_PARAM(a)%").text(head) == a ?? "-")
        #expect(try FormatString("%QUERY_PARAMS%").text(head) == query ?? "-")
    }

    @Test func `the path before a rewrite is preferred`() throws {
        let head = RequestHead("GET /new?x=1", ["host: h", "x-envoy-original-path: /old?y=2"])
        let format = try FormatString("%PATH%|%PATH(NQ:ORIG)%|%PATH(NQ:PATH)%|%REQ(:path)%")
        #expect(format.text(head) == "/old?y=2|/old|/new|/new?x=1")
    }

    @Test(arguments: [
        (
            "%e|%j|%a|%A|%b|%B|%c|%D|%F|%T|%R|%r|%p|%I|%y|%C|%u|%w|%U|%W|%V|%G|%g|%Z|%z|%x|%X|%h|%k|%l|%P|%t|%%",
            "24|328|Tue|Tuesday|Nov|November|Tue Nov 24 19:29:53 2026|11/24/26|2026-11-24|19:29:53|19:29|07:29:53 PM"
                + "|PM|07|26|20|2|2|47|47|48|2026|26|UTC|+0000|11/24/26|19:29:53|Nov|19| 7|pm|\t|%"
        ),
        (
            "%s|%f|%1f|%2f|%3f|%4f|%5f|%6f|%7f|%8f|%9f",
            "1795548593|729233000|7|72|729|7292|72923|729233|7292330|72923300|729233000"
        ),
        ("%E*S|%E4S|%E0S|%E*f|%E3f|%E0f|%Ez|%ET", "53.729233|53.7292|53|729233|729||+00:00|T"),
        ("%L|%N|%v|%J|%q|%o|%K|%i|%Q|%", "%L|%N|%v|%J|%q|%o|%K|%i|%Q|%"),
    ])
    func `times are written as Envoy writes them`(format: String, expected: String) throws {
        #expect(try FormatString("%START_TIME(\(format))%").text(request, facts: .complete) == expected)
    }

    @Test(arguments: [
        (0, "1970-01-01 Thu 001 00:00:00 00 00 01 1970"),
        (951_782_399, "2000-02-28 Mon 059 23:59:59 09 09 09 2000"),
        (951_782_400, "2000-02-29 Tue 060 00:00:00 09 09 09 2000"),
        (951_868_800, "2000-03-01 Wed 061 00:00:00 09 09 09 2000"),
        (1_609_459_199, "2020-12-31 Thu 366 23:59:59 52 52 53 2020"),
        (1_609_459_200, "2021-01-01 Fri 001 00:00:00 00 00 53 2020"),
        (1_767_052_800, "2025-12-30 Tue 364 00:00:00 52 52 01 2026"),
        (4_107_542_400, "2100-03-01 Mon 060 00:00:00 09 09 09 2100"),
        (-1, "1969-12-31 Wed 365 23:59:59 52 52 01 1970"),
    ])
    func `the calendar holds at its edges`(seconds: Int64, expected: String) throws {
        var facts = ExchangeFacts()
        facts.startTime = seconds * 1_000_000_000
        let format = try FormatString("%START_TIME(%F %a %j %T %U %W %V %G)%")
        #expect(format.text(request, facts: facts) == expected)
    }

    @Test func `a whole second has no fraction`() throws {
        let format = try FormatString("%START_TIME(%E*S|%E*f|%3f|%E3S)%")
        #expect(format.text(request) == "00|0|000|00.000")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Routes that answer by themselves: redirects, direct responses and none.

import TestSupport
import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct RouteReplyTests {
    private func load(_ action: String) -> ConfigurationResult {
        Sample.load(route: "match: {prefix: /}, \(action)")
    }

    private func redirect(_ change: (inout RedirectAction) -> Void) -> Route.Action {
        var redirect = RedirectAction()
        change(&redirect)
        return .redirect(redirect)
    }

    private func expect(_ written: String, _ action: Route.Action) {
        let result = load(written)
        #expect(result.routes.map(\.action) == [action], "\(result.rendered)")
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `redirects arrive in the model`() throws {
        let rewrite = RegexRewrite(pattern: try RegexPattern("a"), substitution: "b")
        expect("redirect: {}", redirect { _ in })
        expect(
            "redirect: {https_redirect: true, strip_query: true}",
            redirect {
                $0.scheme = "https"
                $0.stripsQuery = true
            }
        )
        expect(
            "redirect: {scheme_redirect: ftp, host_redirect: h, port_redirect: 81, response_code: 4}",
            redirect {
                $0.scheme = "ftp"
                $0.host = "h"
                $0.port = 81
                $0.status = 308
            }
        )
        expect("redirect: {path_redirect: \"/a?b\"}", redirect { $0.path = .whole("/a?b") })
        expect("redirect: {prefix_rewrite: /c}", redirect { $0.path = .prefix("/c") })
        expect(
            "redirect: {regex_rewrite: {pattern: {regex: a}, substitution: b}}",
            redirect { $0.path = .regex(rewrite) }
        )
    }

    @Test(arguments: [
        "https_redirect: false", "scheme_redirect: \"\"", "host_redirect: \"\"", "path_redirect: \"\"",
        "prefix_rewrite: \"\"", "port_redirect: 0",
    ])
    func `a redirect without an effect is accepted`(written: String) {
        expect("redirect: {\(written)}", redirect { _ in })
    }

    @Test(arguments: [("MOVED_PERMANENTLY", 301), ("found", 302), ("2", 303), ("TEMPORARY_REDIRECT", 307)])
    func `a redirect has the status`(written: String, status: Int) {
        expect("redirect: {response_code: \(written)}", redirect { $0.status = status })
    }

    @Test(arguments: [
        ("https_redirect: true, scheme_redirect: x", "scheme_redirect and https_redirect cannot both be set"),
        ("path_redirect: /a, prefix_rewrite: /b", "prefix_rewrite and path_redirect cannot both be set"),
        ("host_redirect: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        ("path_redirect: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        ("prefix_rewrite: \"a\\nb\"", "value must not contain NUL, CR or LF"),
        ("regex_rewrite: {}", "pattern is required"),
        ("response_code: 9", "unknown response_code"),
    ])
    func `a redirect is refused`(written: String, message: String) {
        #expect(load("redirect: {\(written)}").messages == [message])
    }

    @Test func `a redirect to a port that is none is refused`() {
        #expect(load("redirect: {port_redirect: 65536}").messages == ["value must be less than or equal to 65535"])
    }

    @Test func `a route without an answer of its own arrives in the model`() {
        expect("non_forwarding_action: {}", Route.Action.none)
    }

    @Test func `two actions are refused`() {
        #expect(
            load("redirect: {}, direct_response: {status: 200}").messages
                == ["direct_response and redirect cannot both be set"]
        )
    }

    @Test func `direct responses arrive in the model`() async throws {
        expect("direct_response: {status: 204}", .direct(DirectResponse(status: 204)))
        expect(
            "direct_response: {status: 200, body: {inline_string: hi}}",
            .direct(DirectResponse(status: 200, body: Array("hi".utf8)))
        )
        expect(
            "direct_response: {status: 599, body: {inline_bytes: \"_-8\"}}",
            .direct(DirectResponse(status: 599, body: [0xFF, 0xEF]))
        )
        let tree = FormatTree.object([
            .init(key: "a", value: .list([.number(1), .null, .bool(true)])),
            .init(key: "b", value: .string(try FormatString("%PROTOCOL%"))),
        ])
        let format = BodyFormat(.json(tree), contentType: "x/y", omitsEmptyValues: true)
        expect(
            """
            direct_response: {status: 200, body_format: {json_format: {b: "%PROTOCOL%", a: [1, ~, true]}, \
            content_type: x/y, omit_empty_values: true}}
            """,
            .direct(DirectResponse(status: 200, format: format))
        )
    }

    @Test func `a body may come from a file`() async throws {
        try await Folder.with { folder in
            let path = try folder.write("body", "from a file")
            expect(
                "direct_response: {status: 200, body: {filename: \"\(path)\"}}",
                .direct(DirectResponse(status: 200, body: Array("from a file".utf8)))
            )
            let long = try folder.write("long", String(repeating: "x", count: 4097))
            #expect(
                load("direct_response: {status: 200, body: {filename: \"\(long)\"}}").messages
                    == ["file \(long) size is 4097 bytes; maximum is 4096"]
            )
            let folderItself = "direct_response: {status: 200, body: {filename: \"\(folder.path(""))\"}}"
            #expect(load(folderItself).messages == ["file \(folder.path("")) cannot be read"])
            let lifted = Sample.load(
                ("name: local_route", "name: local_route\n            max_direct_response_body_size_bytes: 5000"),
                (
                    "routes:\n",
                    "routes:\n              - {match: {path: /x}, direct_response: {status: 200, body: {filename: \"\(long)\"}}}\n"
                )
            )
            #expect(lifted.isAccepted, "\(lifted.rendered)")
        }
    }

    @Test func `a body may come from the environment`() {
        let result = load("direct_response: {status: 200, body: {environment_variable: PATH}}")
        #expect(result.isAccepted, "\(result.rendered)")
    }

    @Test(arguments: [
        ("{}", "value must be inside range [200, 600)"),
        ("{status: 199}", "value must be inside range [200, 600)"),
        ("{status: 600}", "value must be inside range [200, 600)"),
        ("{status: 200, body: {}}", "specifier is required"),
        ("{status: 200, body: {filename: \"\"}}", "filename is required"),
        ("{status: 200, body: {filename: /no/such/file}}", "file /no/such/file does not exist"),
        ("{status: 200, body: {environment_variable: \"\"}}", "environment_variable is required"),
        (
            "{status: 200, body: {environment_variable: UNDERSTUDY_NO_SUCH}}",
            "Environment variable doesn't exist: UNDERSTUDY_NO_SUCH"
        ),
        (
            "{status: 200, body: {inline_string: \(String(repeating: "x", count: 4097))}}",
            "response body size is 4097 bytes; maximum is 4096"
        ),
        ("{status: 200, body: {inline_bytes: 12}}", "12 is a number here, not text"),
        ("{status: 200, body: {watched_directory: {}}}", "unsupported field \"watched_directory\" in DataSource"),
        ("{status: 200, body_format: {}}", "format is required"),
        ("{status: 200, body_format: {json_format: [1]}}", "not a mapping"),
        (
            "{status: 200, body_format: {text_format_source: {inline_string: \"%NOPE%\"}}}",
            "Not supported field in StreamInfo: NOPE"
        ),
        ("{status: 200, body_format: {json_format: {a: [\"%NOPE%\"]}}}", "Not supported field in StreamInfo: NOPE"),
    ])
    func `a direct response is refused`(written: String, message: String) {
        #expect(load("direct_response: \(written)").messages == [message])
    }

    @Test func `a file that is too large is told with its size`() async throws {
        try await Folder.with { folder in
            let path = try folder.write("body", String(repeating: "x", count: 20_000))
            #expect(FileContent.read(path, atMost: 100) == .tooLarge(20_000))
            #expect(FileContent.read(path, atMost: 19_999) == .tooLarge(20_000))
            #expect(FileContent.read(path, atMost: 20_000) == .bytes(Array(repeating: 0x78, count: 20_000)))
        }
    }

    @Test func `a device or a pipe is no body`() {
        #expect(FileContent.read("/dev/zero", atMost: 10) == .unreadable)
        #expect(
            FileContent.read("/dev/stdin", atMost: 10) == .unreadable
                || FileContent.read("/dev/stdin", atMost: 10) == .missing
        )
    }
}

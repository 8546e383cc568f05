// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Redirects that are followed without the client, as Envoy 1.40 was measured to follow them.

import TestSupport
import Testing
import UnderstudyCore

struct InternalRedirectTests {
    private let policy = InternalRedirectPolicy(maximum: 1, statuses: [301, 302, 303])

    private func follow(
        _ location: String?,
        _ start: String = "GET /start?q",
        _ lines: [String] = [],
        status: Int = 302,
        answer: [String] = [],
        policy: InternalRedirectPolicy? = nil,
        followed: Int = 0
    ) -> Result<RequestHead, InternalRedirectRefusal> {
        var head = RequestHead(start, ["host: h"] + lines)
        let answer = ResponseHead(status: status, (location.map { ["location: \($0)"] } ?? []) + answer)
        do {
            try head.follow(answer, policy: policy ?? self.policy, followed: followed)
            return .success(head)
        } catch {
            #expect(head.headers.texts == ["host: h"] + lines)
            #expect(head.targetText == start.split(separator: " ").last.map(String.init))
            return .failure(error)
        }
    }

    @Test(arguments: [
        ("http://new.x/p?z", "new.x", "/p?z"), ("http://new.x", "new.x", "/"), ("http://new.x:80/p", "new.x:80", "/p"),
        ("HTTP://NEW.x/P", "NEW.x", "/P"), ("http://u:p@new.x/p", "new.x", "/p"),
        ("http://new.x/p#frag", "new.x", "/p"),
        ("http://new.x/#f", "new.x", "/"), ("http://new.x/a/../b", "new.x", "/a/../b"),
        ("http://[::1]:99/", "[::1]:99", "/"),
        ("http://1.2.3.4/", "1.2.3.4", "/"), ("http://new.x:0/", "new.x:0", "/"),
        ("http://new.x/\"<>", "new.x", "/\"<>"),
        ("http://0x7f.1/", "0x7f.1", "/"), ("http://new.x./", "new.x.", "/"),
    ])
    func `an absolute URL is followed as it stands`(location: String, host: String, target: String) throws {
        let head = try follow(location).get()
        #expect(head.hostText == host)
        #expect(head.targetText == target)
        #expect(head.headers.texts == ["host: \(host)", "x-envoy-original-url: http://h/start?q"])
    }

    @Test(arguments: [
        "/rel?x", "rel", "//new.x/p", "", "ftp://x/", "http://", "http:///p", "http://a b/", "http://new.x?q",
        "http://new.x/b c", "http://new.x:99999/", "http://new.x:/p", "http:/new.x/p", "http:new.x", "http://new.x\\p",
        "http://new_x/", "http://ne%77.x/", "http://[::1/", "http://@/", "http://:80/", "http://new.x/\u{7F}",
    ])
    func `anything else is shown to the client`(location: String) {
        #expect(follow(location).failure == .badLocation)
    }

    @Test func `a redirect without a location is shown too`() {
        #expect(follow(nil).failure == .noLocation)
    }

    @Test func `HTTPS is followed only if the policy says so`() throws {
        #expect(follow("https://n/p").failure == .unsafeScheme)
        let open = InternalRedirectPolicy(allowsOtherScheme: true)
        #expect(try follow("https://n:443/p", policy: open).get().hostText == "n:443")
    }

    @Test func `there is a limit`() {
        #expect(follow("http://n/p", followed: 1).failure == .tooMany)
        #expect(follow("http://n/p", policy: InternalRedirectPolicy(maximum: 0)).failure == .tooMany)
        #expect(policy.applies(to: 303))
        #expect(!policy.applies(to: 308))
    }

    @Test func `lines of the answer replace the request's, at the end`() throws {
        let copying = InternalRedirectPolicy(responseHeadersToCopy: ["x-copy", "x-gone"])
        let lines = ["x-gone: a", "x-copy: mine", "x-envoy-original-url: zz", "x: 1"]
        let answer = ["x-copy: one", "x-copy: two"]
        let head = try follow("http://n/p", "GET /s", lines, answer: answer, policy: copying).get()
        #expect(
            head.headers.texts == ["host: n", "x-envoy-original-url: http://h/s", "x: 1", "x-copy: one", "x-copy: two"]
        )
    }

    @Test(
        arguments: [
            ("POST", 303, "GET"), ("PUT", 303, "GET"), ("HEAD", 303, "HEAD"), ("GET", 303, "GET"),
            ("POST", 302, "POST"),
        ]
    )
    func `only See Other makes another request of it`(method: String, status: Int, expected: String) throws {
        let head = try follow("http://n/p", "\(method) /start", ["content-length: 3"], status: status).get()
        #expect(head.methodText == expected)
        #expect(head.headers.texts.contains("content-length: 3") == (method == expected))
        #expect((head.method == .get) == (expected == "GET"))
    }
}

extension Result {
    fileprivate var failure: Failure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}

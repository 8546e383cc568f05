// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Ports and dots that a Host may lose, as Envoy 1.40 was measured to take them off.

import TestSupport
import Testing
import UnderstudyCore

struct RequestHostTests {
    private func settled(
        _ host: String,
        _ port: HostOptions.Port,
        dot: Bool = false,
        start: String = "GET /"
    ) -> (host: String, port: UInt32?) {
        var options = HostOptions()
        options.port = port
        options.stripsTrailingDot = dot
        var head = RequestHead(start, ["host: \(host)"])
        let port = head.settleHost(options, listenerPort: 60509)
        return (head.hostText, port)
    }

    @Test(arguments: [
        ("h", "h", "h", "h", "h"), ("h:60509", "h", "h", "h:60509", "h"), ("h:80", "h:80", "h", "h:80", "h"),
        ("h:", "h:", "h:", "h:", "h:"), ("h:060509", "h", "h", "h:060509", "h"),
        ("[::1]:60509", "[::1]", "[::1]", "[::1]:60509", "[::1]"), ("[::1]", "[::1]", "[::1]", "[::1]", "[::1]"),
        ("h.", "h.", "h.", "h", "h"), ("h.:80", "h.:80", "h.", "h:80", "h"), ("h..", "h..", "h..", "h.", "h."),
        ("h.:", "h.:", "h.:", "h:", "h:"), ("", "", "", "", ""), ("::1:80", "::1:80", "::1", "::1:80", "::1"),
        ("h:abc", "h:abc", "h:abc", "h:abc", "h:abc"), (":80", ":80", "", ":80", ""), (".", ".", ".", "", ""),
        ("h:4294967295", "h:4294967295", "h", "h:4294967295", "h"),
        ("h:4294967296", "h:4294967296", "h:4294967296", "h:4294967296", "h:4294967296"),
    ])
    func `ports and dots`(host: String, matching: String, any: String, dot: String, both: String) {
        #expect(settled(host, .keep).host == host)
        #expect(settled(host, .stripIfListener).host == matching)
        #expect(settled(host, .strip).host == any)
        #expect(settled(host, .keep, dot: true).host == dot)
        #expect(settled(host, .strip, dot: true).host == both)
    }

    @Test func `the port of CONNECT is remembered`() {
        #expect(settled("h:443", .strip, start: "CONNECT h:443") == ("h", 443))
        #expect(settled("h:443", .stripIfListener, start: "CONNECT h:443") == ("h:443", nil))
        #expect(settled("h:443", .strip) == ("h", nil))
    }
}

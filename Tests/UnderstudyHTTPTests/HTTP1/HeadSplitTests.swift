// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a head is cut on its way must not change what it says.

import Testing
import UnderstudyCore
import UnderstudyHTTP

struct HeadSplitTests {
    private static let requests = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST http://other:1/a?b HTTP/1.1\r\nX-A:  1 \r\nHost: h\r\nContent-Length: 12\r\nConnection: close, x-a\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost:\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nBad Name: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n folded\r\n\r\n",
        "FOO / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET /# HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ]

    private static let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: s\r\n\r\n",
        "HTTP/1.1 204\r\n\r\n",
        "HTTP/1.0 404 Not Found \r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/2 200\r\nX-A: 1\r\n\r\n",
        "HTTP/1.1 200 OK\nX-A: 1\r\n\r\n",
    ]

    /// Every beginning is incomplete, or refused for the same reason as the whole.
    private func check<Head>(_ text: String, _ decode: ([UInt8]) -> Decoding<Head>) {
        let bytes = Array(text.utf8)
        let whole = decode(bytes)
        var wasRefused = false
        for length in 0..<bytes.count {
            let part = decode(Array(bytes[..<length]))
            guard part != .incomplete else {
                #expect(!wasRefused, "what was refused becomes acceptable after \(length) bytes")
                continue
            }
            wasRefused = true
            #expect(part == whole, "after \(length) bytes")
        }
        #expect(whole != .incomplete)
    }

    @Test(arguments: requests)
    func `a request cut anywhere waits for the rest`(text: String) {
        check(text) { DecodedRequest.decode($0) }
    }

    @Test(arguments: answers)
    func `an answer cut anywhere waits for the rest`(text: String) {
        check(text) { DecodedResponse.decode($0) }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS towards clients, through the whole proxy.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct DownstreamTLSTests {
    @Test func `a request comes over TLS, and is known to have come so`() async throws {
        try await SecuredServer.run { configuration, authority in
            configuration.listeners[0].filterChains[0].tls = DownstreamTLS(try authority.issue())
        } _: { proxy, upstream in
            let tls = try TestTLS.client(.init { $0.authority = proxy.authority })
            let answer = try await proxy.ask(tls)
            #expect(answer.startLine == "HTTP/1.1 200 OK" && answer.body == "ok")
            #expect(try await upstream.complete(1)[0].value("x-forwarded-proto") == "https")
            #expect(try await tls.outcome().version == "tlsv13")
            #expect(proxy.listener("ssl.handshake") == 1 && proxy.listener("ssl.no_certificate") == 1)
            #expect(proxy.listener("ssl.versions.TLSv1.3") == 1 && proxy.listener("ssl.curves.X25519") == 1)
            #expect(proxy.listener("ssl.connection_error") == 0)
            #expect(proxy.listener("downstream_cx_total") == 1)
            #expect(proxy.statistic("http.test.downstream_cx_total") == 1)
        }
    }

    @Test func `plain text on a port for TLS ends, and is counted`() async throws {
        try await SecuredServer.run { configuration, authority in
            configuration.listeners[0].filterChains[0].tls = DownstreamTLS(try authority.issue())
        } _: { proxy, _ in
            let client = try await proxy.connect(nil)
            client.push("GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n")
            #expect(try await client.end().completeMessages.isEmpty)
            try await eventually("the count") { proxy.listener("ssl.connection_error") == 1 }
            try await eventually("no connection") { proxy.listener("downstream_cx_active") == 0 }
            #expect(proxy.statistic("http.test.downstream_cx_active") == 0)
        }
    }

    @Test func `TLS on a plain port is told in plain text`() async throws {
        try await SecuredServer.run { _, _ in
        } _: { proxy, _ in
            let tls = try TestTLS.client()
            _ = try await proxy.connect(tls)
            #expect(try await tls.end().isComplete == false)
        }
    }

    @Test func `of the ciphers of TLS 1 point 2 the client has the choice`() async throws {
        let ciphers = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]
        try await SecuredServer.run { configuration, authority in
            var tls = DownstreamTLS(try authority.issue())
            tls.parameters.cipherSuites = ciphers
            configuration.listeners[0].filterChains[0].tls = tls
        } _: { proxy, _ in
            for wish in [ciphers, ciphers.reversed()] {
                let tls = try TestTLS.client(
                    .init {
                        $0.isTLS12 = true
                        $0.ciphers = wish
                    }
                )
                #expect(try await proxy.ask(tls).body == "ok")
                #expect(proxy.listener("ssl.ciphers.\(wish[0])") == 1)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS towards upstreams, through the whole proxy: whom it asks for, and whom it believes.

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct UpstreamTLSTests {
    /// Serves with an upstream on TLS, whose certificate is what `wish` says.
    private func run(
        _ wish: TestAuthority.Wish = .init { $0.dns = ["shop.example"] },
        server: TestTLS.Wish = .init(),
        behaviour: UpstreamBehaviour = .answers(),
        _ change: (inout UpstreamTLS, inout Cluster, TestAuthority) throws -> Void,
        _ body: (SecuredServer, ScriptedUpstream, TestTLS) async throws -> Void
    ) async throws {
        let authority = try TestAuthority()
        let tls = try TestTLS.server(authority.issue(wish), server)
        let upstream = try await ScriptedUpstream.start(behaviour, security: tls)
        let outcome: Result<Void, any Error>
        do {
            try await SecuredServer.run(upstream, authority: authority) { configuration in
                var settings = UpstreamTLS()
                try change(&settings, &configuration.clusters[0], authority)
                configuration.clusters[0].tls = settings
            } _: {
                try await body($0, upstream, tls)
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await upstream.stop()
        try outcome.get()
    }

    private func value(_ proxy: SecuredServer, _ name: String) -> UInt64? { proxy.statistic("cluster.primary.\(name)") }

    /// What a client is told of an upstream that is not believed.
    private func expectFailure(_ proxy: SecuredServer, _ counter: String) async throws {
        let answer = try await proxy.ask(nil)
        #expect(answer.status == 503)
        #expect(
            answer.body == "upstream connect error or disconnect/reset before headers. reset reason: "
                + "remote connection failure"
        )
        #expect(value(proxy, counter) == 1 && value(proxy, "upstream_cx_connect_fail") == 1)
    }

    @Test func `a request goes on over TLS, with the name and the protocol of the cluster`() async throws {
        try await run(server: .init { $0.protocols = ["http/1.1"] }) { tls, _, authority in
            tls.sni = "shop.example"
            tls.validation = PeerValidation(authority)
        } _: { proxy, upstream, tls in
            let answer = try await proxy.ask(nil)
            #expect(answer.status == 200 && answer.body == "ok")
            #expect(tls.askedNames.current == ["shop.example"])
            let outcome = try await tls.outcome()
            // As in Envoy, TLS 1.3 has to be asked for.
            #expect(outcome.version == "tlsv12" && outcome.applicationProtocol == "http/1.1")
            #expect(try await upstream.complete(1)[0].value("x-forwarded-proto") == "http")
            #expect(value(proxy, "ssl.handshake") == 1 && value(proxy, "ssl.versions.TLSv1.2") == 1)
            #expect(value(proxy, "ssl.curves.X25519") == 1)
            #expect(value(proxy, "ssl.ciphers.ECDHE-ECDSA-AES128-GCM-SHA256") == 1)
        }
    }

    @Test func `a connection is used again without another handshake`() async throws {
        try await run { _, _, _ in
        } _: { proxy, upstream, tls in
            let client = try await proxy.connect(nil)
            for _ in 0..<3 { #expect(try await client.ask("GET / HTTP/1.1\r\nhost: h\r\n\r\n").status == 200) }
            client.close()
            #expect(tls.outcomes.current.count == 1 && tls.askedNames.current == [""])
        }
    }

    @Test func `an upstream whose authority is not trusted is not asked`() async throws {
        let other = try TestAuthority("Other")
        try await run { tls, _, _ in
            tls.validation = PeerValidation(other)
        } _: { proxy, upstream, _ in
            try await expectFailure(proxy, "ssl.fail_verify_error")
            #expect(upstream.record.current.requests.isEmpty)
        }
    }

    @Test func `an upstream with an expired certificate is not asked`() async throws {
        try await run(.init { $0.until = -60 }) { tls, _, authority in
            tls.validation = PeerValidation(authority)
        } _: { proxy, _, _ in
            try await expectFailure(proxy, "ssl.fail_verify_error")
        }
    }

    @Test func `an expired certificate is taken where the time does not count`() async throws {
        try await run(.init { $0.until = -60 }) { tls, _, authority in
            var validation = PeerValidation(authority)
            validation.allowsExpired = true
            tls.validation = validation
        } _: { proxy, _, _ in
            let answer = try await proxy.ask(nil)
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [nil, .servers, .clients] as [TestAuthority.Wish.Usage?])
    func `a certificate for clients is none for upstreams, where the time does not count, too`(
        usage: TestAuthority.Wish.Usage?
    ) async throws {
        try await run(.init { $0.usage = usage }) { tls, _, authority in
            var validation = PeerValidation(authority)
            validation.allowsExpired = true
            tls.validation = validation
        } _: { proxy, _, _ in
            guard usage != .clients else { return try await expectFailure(proxy, "ssl.fail_verify_error") }
            #expect(try await proxy.ask(nil).status == 200)
        }
    }

    @Test(arguments: [true, false])
    func `the certificate has to be for the Host where the cluster says so, whatever the SNI is`(
        isAsked: Bool
    ) async throws {
        let wish = TestAuthority.Wish {
            $0.dns = ["shop.example"]
            $0.addresses = [[127, 0, 0, 1]]
        }
        try await run(wish) { tls, cluster, authority in
            tls.validation = PeerValidation(authority)
            tls.sni = "other.example"
            cluster.usesHostAsSNI = isAsked
            cluster.validatesHostAsName = true
        } _: { proxy, upstream, tls in
            let client = try await proxy.connect(nil)
            for (host, status) in [
                ("shop.example:1", 200), ("127.0.0.1", 200), ("127.0.0.2", 503), ("bank.example", 503),
                (String(repeating: "a", count: 254), 503),
            ] {
                #expect(try await client.ask("GET / HTTP/1.1\r\nhost: \(host)\r\n\r\n").status == status, "\(host)")
            }
            client.close()
            #expect(try await upstream.complete(2).count == 2)
            #expect(tls.askedNames.current.first == (isAsked ? "shop.example" : "other.example"))
        }
    }

    @Test func `an upstream with another name is not asked`() async throws {
        try await run { tls, _, authority in
            var validation = PeerValidation(authority)
            validation.names = [SubjectNameMatcher(.dns, StringMatcher(.exact("other.example")))]
            tls.validation = validation
        } _: { proxy, upstream, _ in
            try await expectFailure(proxy, "ssl.fail_verify_san")
            #expect(upstream.record.current.requests.isEmpty)
        }
    }

    @Test(arguments: [
        SubjectNameMatcher(.dns, StringMatcher(.exact("a.shop.example"))),
        SubjectNameMatcher(.dns, StringMatcher(.suffix(".shop.example"))),
        SubjectNameMatcher(.uri, StringMatcher(.prefix("spiffe://"))),
        SubjectNameMatcher(.email, StringMatcher(.contains("@"))),
        SubjectNameMatcher(.ipAddress, StringMatcher(.exact("127.0.0.1"))),
    ])
    func `a certificate has to have one of the names, of any kind`(matcher: SubjectNameMatcher) async throws {
        let wish = TestAuthority.Wish {
            $0.dns = ["*.shop.example"]
            $0.uri = ["spiffe://a/b"]
            $0.email = ["a@b.example"]
            $0.addresses = [[127, 0, 0, 1]]
        }
        try await run(wish) { tls, _, authority in
            var validation = PeerValidation(authority)
            validation.names = [SubjectNameMatcher(.dns, StringMatcher(.exact("other.example"))), matcher]
            tls.validation = validation
        } _: { proxy, _, _ in
            let answer = try await proxy.ask(nil)
            #expect(answer.status == 200)
        }
    }

    @Test func `a certificate that is not the pinned one is refused`() async throws {
        try await run { tls, _, _ in
            var validation = PeerValidation()
            validation.certificateHashes = [[UInt8](repeating: 1, count: 32)]
            tls.validation = validation
        } _: { proxy, _, _ in
            try await expectFailure(proxy, "ssl.fail_verify_cert_hash")
        }
    }

    @Test func `the endpoint's hostname is the name that is asked for and has to be shown`() async throws {
        try await run { tls, cluster, authority in
            tls.usesHostnameAsSNI = true
            tls.validatesSNI = true
            tls.sni = "ignored.example"
            tls.validation = PeerValidation(authority)
            cluster.endpoints[0].hostname = "shop.example"
        } _: { proxy, _, tls in
            let answer = try await proxy.ask(nil)
            #expect(answer.status == 200)
            #expect(tls.askedNames.current == ["shop.example"])
        }
    }

    @Test func `an address is no name to ask for, but a name to be shown`() async throws {
        try await run(.init { $0.addresses = [[127, 0, 0, 1]] }) { tls, _, authority in
            tls.sni = "127.0.0.1"
            tls.validatesSNI = true
            tls.validation = PeerValidation(authority)
        } _: { proxy, _, tls in
            let answer = try await proxy.ask(nil)
            #expect(answer.status == 200)
            #expect(tls.askedNames.current == [""])
        }
    }

    @Test func `an upstream on plain text is told of as one that cannot be reached`() async throws {
        let upstream = try await ScriptedUpstream.start(.speaksEarly("HTTP/1.1 400 Bad Request\r\n\r\n"))
        let authority = try TestAuthority()
        try await SecuredServer.run(upstream, authority: authority) {
            $0.clusters[0].tls = UpstreamTLS()
            $0.clusters[0].connectTimeout = .milliseconds(300)
        } _: { proxy in
            let answer = try await proxy.ask(nil)
            #expect(answer.status == 503 && answer.body.hasSuffix("connection timeout"))
            #expect(value(proxy, "upstream_cx_connect_timeout") == 1 && value(proxy, "upstream_cx_connect_fail") == 1)
        }
        await upstream.stop()
    }

    @Test func `a body that ends with the connection is whole only if the upstream says so`() async throws {
        var behaviour = UpstreamBehaviour()
        behaviour.onEnd = { message, connection in
            connection.push("HTTP/1.1 200 OK\r\n\r\nhello")
            if message.target == "/whole" { connection.close() } else { connection.cut() }
        }
        try await run(behaviour: behaviour) { _, _, _ in
        } _: { proxy, _, _ in
            let whole = try await proxy.connect(nil)
            let answer = try await whole.ask("GET /whole HTTP/1.1\r\nhost: h\r\n\r\n")
            #expect(answer.status == 200 && answer.body == "hello")
            whole.close()
            let broken = try await proxy.connect(nil)
            broken.push("GET /broken HTTP/1.1\r\nhost: h\r\n\r\n")
            let seen = try await broken.end()
            #expect(seen.completeMessages.isEmpty && seen.messages.first?.body == "hello")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a listener's access log tells of handshakes that fail.

import Foundation
import TestSupport
import Testing
import UnderstudyCore
import UnderstudyProxy

@Suite(.timeLimit(.minutes(5)))
struct HandshakeReasonTests {
    private static let text =
        "%DOWNSTREAM_TRANSPORT_FAILURE_REASON% %DOWNSTREAM_TLS_VERSION% %CONNECTION_TERMINATION_DETAILS%\n"

    /// The listener's line for one client.
    private func line(
        _ change: (inout FilterChain, TestAuthority) throws -> Void = { _, _ in },
        _ act: (SecuredServer) async throws -> Void
    ) async throws -> String {
        try await Folder.with { folder in
            let path = folder.path("access.log")
            let log = AccessLog(.file(path: path), format: BodyFormat(.text(try FormatString(Self.text))))
            func text() -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
            try await SecuredServer.run { configuration, authority in
                configuration.listeners[0].filterChains[0].tls = DownstreamTLS(try authority.issue())
                try change(&configuration.listeners[0].filterChains[0], authority)
                configuration.listeners[0].accessLogs = [log]
            } _: { proxy, _ in
                try await act(proxy)
                try await eventually("no connection") { proxy.listener("downstream_cx_active") == 0 }
            }
            return text()
        }
    }

    private static let unverified = "TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:"

    private func push(_ text: String, to proxy: SecuredServer, _ tls: TestTLS?) async throws {
        let client = try await proxy.connect(tls)
        client.push(text)
        _ = try await client.end()
    }

    @Test func `plain text has a reason, and no version`() async throws {
        let line = try await line { try await push("GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n", to: $0, nil) }
        #expect(line == "TLS_error:|268435612:SSL_routines:OPENSSL_internal:HTTP_REQUEST:TLS_error_end - -\n")
    }

    @Test func `a client that leaves, or that is served`() async throws {
        #expect(try await line { try await $0.connect(nil).close() } == "- - -\n")
        let served = try await line { _ = try await $0.ask(try TestTLS.client()) }
        #expect(served == "- TLSv1.3 -\n")
    }

    @Test func `a handshake that takes too long`() async throws {
        let line = try await line { chain, _ in
            chain.handshakeTime = .milliseconds(50)
        } _: { proxy in
            _ = try await proxy.connect(nil).end()
        }
        #expect(line == "- - transport socket timeout was reached\n")
    }

    @Test func `a certificate that is missing`() async throws {
        let line = try await line { chain, authority in
            chain.tls?.requiresCertificate = true
            chain.tls?.validation = PeerValidation(authority)
        } _: { proxy in
            try await push("", to: proxy, try TestTLS.client())
        }
        let reason = "PEER_DID_NOT_RETURN_A_CERTIFICATE:peer_did_not_provide_required_client_certificate"
        #expect(line == "TLS_error:|268435648:SSL_routines:OPENSSL_internal:\(reason):TLS_error_end - -\n")
    }

    @Test func `of a certificate that nobody vouches for, the library does not say why`() async throws {
        let line = try await line { chain, authority in
            chain.tls?.requiresCertificate = true
            chain.tls?.validation = PeerValidation(authority)
        } _: { proxy in
            let stranger = try TestAuthority("Stranger").issue()
            try await push("", to: proxy, try TestTLS.client(.init { $0.identity = stranger }))
        }
        #expect(line == "\(Self.unverified)verify_cert_failed:TLS_error_end - -\n")
    }

    @Test func `the names of a certificate that is for somebody else`() async throws {
        let line = try await line { chain, authority in
            chain.tls?.requiresCertificate = true
            var validation = PeerValidation(authority)
            validation.names = [SubjectNameMatcher(.dns, StringMatcher(.exact("other.example")))]
            chain.tls?.validation = validation
        } _: { proxy in
            let identity = try proxy.authority.issue(
                .init {
                    $0.dns = ["a.example", "b\n.example"]
                    $0.uri = ["spiffe://c"]
                    $0.addresses = [[10, 0, 0, 1]]
                }
            )
            try await push("", to: proxy, try TestTLS.client(.init { $0.identity = identity }))
        }
        let names = "a.example,_b_.example,_spiffe://c,_10.0.0.1"
        let reason = "verify_cert_failed:_SAN_matcher,_certificate_SANs_are_[\(names)]"
        #expect(line == "\(Self.unverified)\(reason):TLS_error_end - -\n")
    }

    // MARK: Towards upstreams

    /// The line for a request to an upstream that is for `shop.example`.
    private func line(
        _ version: HTTPVersionChoice,
        security: (TestAuthority) throws -> TestTLS?,
        _ validation: (inout PeerValidation) -> Void = { _ in }
    ) async throws -> String {
        let authority = try TestAuthority()
        let upstream = try await ScriptedUpstream.start(.answers(), security: try security(authority))
        let text = try await Folder.with { folder in
            let path = folder.path("access.log")
            let format = try FormatString("%RESPONSE_FLAGS% %UPSTREAM_TRANSPORT_FAILURE_REASON%\n")
            try await SecuredServer.run(upstream, authority: authority) { configuration in
                var tls = UpstreamTLS()
                var wanted = PeerValidation(authority)
                validation(&wanted)
                tls.validation = wanted
                configuration.clusters[0].tls = tls
                configuration.clusters[0].version = version
                configuration.listeners[0].filterChains[0].connectionManager.accessLogs = [
                    AccessLog(.file(path: path), format: BodyFormat(.text(format)))
                ]
            } _: { proxy in
                let answer = try await proxy.ask(nil)
                #expect(answer.status == 503)
            }
            return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        }
        await upstream.stop()
        return text
    }

    private func issued(_ authority: TestAuthority) throws -> TestTLS? {
        try TestTLS.server(authority.issue(.init { $0.dns = ["shop.example"] }))
    }

    @Test(arguments: [HTTPVersionChoice.http1, .http2, .automatic])
    func `an upstream that is somebody else, whatever is spoken`(version: HTTPVersionChoice) async throws {
        let line = try await line(version, security: issued) {
            $0.names = [SubjectNameMatcher(.dns, StringMatcher(.exact("other.example")))]
        }
        let reason = "verify_cert_failed:_SAN_matcher,_certificate_SANs_are_[shop.example]"
        #expect(line == "UF \(Self.unverified)\(reason):TLS_error_end\n")
    }

    @Test func `an upstream that nobody vouches for`() async throws {
        let stranger = try TestAuthority("Stranger")
        let line = try await line(.http1) { _ in try issued(stranger) }
        #expect(line == "UF \(Self.unverified)verify_cert_failed:TLS_error_end\n")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What upstreams are told of a client's certificate: every line measured on Envoy 1.40.

import TestSupport
import Testing
import UnderstudyCore

struct ClientCertificateTests {
    private static let hash = "fc30bf29d0351506b45f3cfd14fbebf560a87927647bcb4caa9ff7bb58608096"
    private static let subject =
        #"emailAddress=a@b.example,CN=client\;one=two\\three,OU=Eng+OU=x,O=Acme \"Quoted\" Co\, Ltd,ST=CA,C=US"#
    private static let uris = ["spiffe://acme/client", "http://second.example/;a,b=q"]
    private static let start = "By=spiffe://acme/server;Hash=\(hash)"
    private static let pem = "-----BEGIN CERTIFICATE-----\nA/+=\n-----END CERTIFICATE-----\n"

    private func certificate(
        subject: String = subject,
        uris: [String] = uris,
        dns: [String] = ["client.example", "two.example"]
    ) -> CertificateFacts {
        var names = CertificateFacts.Names()
        names.uri = uris.map { Array($0.utf8) }
        names.dns = dns.map { Array($0.utf8) }
        return CertificateFacts(
            subject: Array(subject.utf8),
            fingerprint256: Array(Self.hash.utf8),
            names: names,
            pem: Array(Self.pem.utf8),
            chainPEM: Array((Self.pem + "-----BEGIN CERTIFICATE-----\nB\n-----END CERTIFICATE-----\n").utf8)
        )
    }

    /// What is told of a client's certificate to a proxy whose own has these URI names.
    private func element(
        _ certificate: CertificateFacts?,
        own: [String] = ["spiffe://acme/server"],
        _ change: (inout ClientCertificateForwarding) -> Void = { _ in }
    ) -> String {
        var forwarding = ClientCertificateForwarding()
        change(&forwarding)
        let own = self.certificate(uris: own)
        let peer = TLSPeer(version: "TLSv1.3", certificate: certificate, ownCertificate: own)
        return String(decoding: peer.certificateElement(forwarding), as: UTF8.self)
    }

    @Test func `who has said it and the hash are always told`() {
        #expect(element(certificate()) == Self.start)
        #expect(element(certificate(), own: []) == "Hash=\(Self.hash)")
        #expect(element(certificate(), own: ["a:1", "a:2"]) == "By=a:1;By=a:2;Hash=\(Self.hash)")
    }

    @Test func `nothing is told of no certificate`() {
        #expect(element(nil) { $0.tellsSubject = true }.isEmpty)
    }

    @Test func `subject and names follow in this order, whatever is in them`() {
        let names = "URI=spiffe://acme/client;URI=http://second.example/;a,b=q;DNS=client.example;DNS=two.example"
        let told = element(certificate()) {
            $0.tellsSubject = true
            $0.tellsURI = true
            $0.tellsDNS = true
        }
        #expect(told == "\(Self.start);Subject=\"\(Self.subject)\";\(names)")
    }

    @Test func `certificates are escaped and stand before the subject`() {
        let own = "-----BEGIN%20CERTIFICATE-----%0AA%2F%2B%3D%0A-----END%20CERTIFICATE-----%0A"
        let other = "-----BEGIN%20CERTIFICATE-----%0AB%0A-----END%20CERTIFICATE-----%0A"
        let told = element(certificate(subject: "CN=c")) {
            $0.tellsSubject = true
            $0.tellsCertificate = true
            $0.tellsChain = true
        }
        #expect(told == "\(Self.start);Cert=\"\(own)\";Chain=\"\(own)\(other)\";Subject=\"CN=c\"")
    }

    @Test func `what a certificate lacks is told as empty, but for names of hosts`() {
        let told = element(certificate(subject: "", uris: [], dns: [])) {
            $0.tellsSubject = true
            $0.tellsURI = true
            $0.tellsDNS = true
        }
        #expect(told == "\(Self.start);Subject=\"\";URI=")
    }

    @Test func `a certificate cannot end the line`() {
        #expect(element(certificate(uris: ["a\r\nb: c\u{0}"])) { $0.tellsURI = true } == "\(Self.start);URI=a  b: c ")
    }

    /// The lines of the header, after a request with these and a client with or without a certificate.
    private func forwarded(
        _ mode: ClientCertificateForwarding.Mode,
        hasCertificate: Bool,
        _ lines: [String]
    ) throws -> [String] {
        var manager = ConnectionManager(statPrefix: "s", routes: RouteConfiguration(name: "r", virtualHosts: []))
        manager.clientCertificate.mode = mode
        let peer = PeerFacts(
            remote: NetworkAddress(host: Array("127.0.0.1".utf8), port: 50_000),
            local: NetworkAddress(host: Array("127.0.0.1".utf8), port: 80),
            proxy: [],
            isTLS: true,
            certificate: hasCertificate ? Array("Hash=1".utf8) : []
        )
        var head = RequestHead("GET /", ["host: h"] + lines.map { "x-forwarded-client-cert: \($0)" })
        head.headers.joinRepeatedLines(of: .request)
        _ = try head.sanitise(ForwardingRules(manager), peer: peer, requestID: RequestID(0, 0))
        let name = "x-forwarded-client-cert: "
        let found = head.headers.texts.filter { $0.hasPrefix(name) }
        if let own = found.first, lines.isEmpty { #expect(head.headers.texts.last == own) }
        if let own = found.first, !lines.isEmpty { #expect(head.headers.texts.firstIndex(of: own) == 1) }
        return found.map { String($0.dropFirst(name.count)) }
    }

    @Test(
        arguments: [
            (.sanitize, [], []), (.forwardOnly, [], ["one,two"]), (.appendForward, [], ["one,two,Hash=1"]),
            (.sanitizeSet, [], ["Hash=1"]), (.alwaysForwardOnly, ["one,two"], ["one,two"]),
        ] as [(ClientCertificateForwarding.Mode, [String], [String])]
    )
    func `what a client says of certificates is believed as configured`(
        mode: ClientCertificateForwarding.Mode,
        without: [String],
        with: [String]
    ) throws {
        #expect(try forwarded(mode, hasCertificate: false, ["one", "two"]) == without)
        #expect(try forwarded(mode, hasCertificate: true, ["one", "two"]) == with)
    }

    @Test(
        arguments: [
            (.sanitize, []), (.forwardOnly, []), (.appendForward, ["Hash=1"]), (.sanitizeSet, ["Hash=1"]),
            (.alwaysForwardOnly, []),
        ] as [(ClientCertificateForwarding.Mode, [String])]
    )
    func `the client's own certificate is told at the end`(
        mode: ClientCertificateForwarding.Mode,
        with: [String]
    ) throws {
        #expect(try forwarded(mode, hasCertificate: true, []) == with)
        #expect(try forwarded(mode, hasCertificate: false, []).isEmpty)
    }

    @Test func `an empty line of the client's is nothing to add to`() throws {
        #expect(try forwarded(.appendForward, hasCertificate: true, [""]) == ["Hash=1"])
    }
}

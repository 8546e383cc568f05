// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What format strings tell of TLS and certificates: every value measured on Envoy 1.40.

import TestSupport
import Testing

@testable import UnderstudyCore

struct TLSFormatTests {
    private static let client: CertificateFacts = {
        var names = CertificateFacts.Names()
        names.uri = [Array("spiffe://acme/client".utf8), Array("http://second.example/;a,b=q".utf8)]
        names.dns = [Array("client.example".utf8), Array("two.example".utf8)]
        names.email = [Array("x@y.example".utf8)]
        names.ip = [Array("10.0.0.1".utf8)]
        return CertificateFacts(
            subject: Array(#"CN=client\;one=two\\three,OU=Eng+OU=x,O=Acme \"Quoted\" Co\, Ltd"#.utf8),
            issuer: Array("CN=Test CA".utf8),
            serial: Array("1ed8ab2c".utf8),
            fingerprint256: Array("fc30".utf8),
            fingerprint1: Array("bf9e".utf8),
            names: names,
            validFrom: 1_795_970_496,
            validUntil: 2_111_330_496,
            pem: Array("-----BEGIN CERTIFICATE-----\nA/+=\n-----END CERTIFICATE-----\n".utf8)
        )
    }()

    private static let own: CertificateFacts = {
        var names = CertificateFacts.Names()
        names.uri = [Array("spiffe://acme/server".utf8)]
        names.dns = [Array("server.example".utf8), Array("www.server.example".utf8)]
        return CertificateFacts(subject: Array(#"CN=server.example,O=Acme\, Inc.,C=DE"#.utf8), names: names)
    }()

    private static let facts: ExchangeFacts = {
        var facts = ExchangeFacts()
        facts.filterChainName = Array("the-chain".utf8)
        facts.downstreamTLS = TLSPeer(
            version: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384",
            curve: "X25519",
            serverName: Array("a.example".utf8),
            certificate: client,
            ownCertificate: own
        )
        facts.upstreamTLS = TLSPeer(
            version: "TLSv1.2",
            cipher: "ECDHE-ECDSA-AES128-GCM-SHA256",
            sessionID: Array("ba98".utf8),
            certificate: own
        )
        return facts
    }()

    private static let request = RequestHead("GET /", ["host: the.host:81"])

    @Test(arguments: [
        ("DOWNSTREAM_TLS_VERSION", "TLSv1.3"), ("DOWNSTREAM_TLS_CIPHER", "TLS_AES_256_GCM_SHA384"),
        ("DOWNSTREAM_TLS_SESSION_ID", "-"), ("DOWNSTREAM_TLS_GROUP", "X25519"),
        ("DOWNSTREAM_PEER_SUBJECT", #"CN=client\;one=two\\three,OU=Eng+OU=x,O=Acme \"Quoted\" Co\, Ltd"#),
        ("DOWNSTREAM_PEER_ISSUER", "CN=Test CA"),
        ("DOWNSTREAM_PEER_URI_SAN", "spiffe://acme/client,http://second.example/;a,b=q"),
        ("DOWNSTREAM_PEER_DNS_SAN", "client.example,two.example"), ("DOWNSTREAM_PEER_IP_SAN", "10.0.0.1"),
        ("DOWNSTREAM_PEER_EMAIL_SAN", "x@y.example"), ("DOWNSTREAM_PEER_OTHERNAME_SAN", "-"),
        ("DOWNSTREAM_PEER_SERIAL", "1ed8ab2c"), ("DOWNSTREAM_PEER_FINGERPRINT_256", "fc30"),
        ("DOWNSTREAM_PEER_FINGERPRINT_1", "bf9e"),
        (
            "DOWNSTREAM_PEER_CERT",
            "-----BEGIN%20CERTIFICATE-----%0AA%2F%2B%3D%0A-----END%20CERTIFICATE-----%0A"
        ),
        ("DOWNSTREAM_PEER_CERT_V_START", "2026-11-29T16:41:36.000Z"),
        ("DOWNSTREAM_PEER_CERT_V_END", "2036-11-26T16:41:36.000Z"),
        ("DOWNSTREAM_PEER_CERT_V_START(%Y-%m-%d)", "2026-11-29"),
        ("DOWNSTREAM_LOCAL_SUBJECT", #"CN=server.example,O=Acme\, Inc.,C=DE"#),
        ("DOWNSTREAM_LOCAL_URI_SAN", "spiffe://acme/server"),
        ("DOWNSTREAM_LOCAL_DNS_SAN", "server.example,www.server.example"), ("DOWNSTREAM_LOCAL_IP_SAN", "-"),
        ("DOWNSTREAM_LOCAL_EMAIL_SAN", "-"), ("DOWNSTREAM_TRANSPORT_FAILURE_REASON", "-"),
        ("FILTER_CHAIN_NAME", "the-chain"), ("UPSTREAM_TLS_VERSION", "TLSv1.2"),
        ("UPSTREAM_TLS_CIPHER", "ECDHE-ECDSA-AES128-GCM-SHA256"), ("UPSTREAM_TLS_SESSION_ID", "ba98"),
        ("UPSTREAM_TLS_GROUP", "-"), ("UPSTREAM_PEER_SUBJECT", #"CN=server.example,O=Acme\, Inc.,C=DE"#),
        ("UPSTREAM_PEER_ISSUER", "-"), ("UPSTREAM_LOCAL_URI_SAN", "-"),
        ("UPSTREAM_PEER_URI_SAN", "spiffe://acme/server"), ("REQUESTED_SERVER_NAME", "a.example"),
        ("REQUESTED_SERVER_NAME(SNI_FIRST)", "a.example"),
        ("REQUESTED_SERVER_NAME(HOST_FIRST:HOST)", "the.host:81"),
        ("REQUESTED_SERVER_NAME(HOST_FIRST:ORIG)", "a.example"),
    ])
    func `a command tells its fact`(command: String, value: String) throws {
        #expect(try FormatString("%\(command)%").text(Self.request, facts: Self.facts) == value)
    }

    @Test(arguments: [(nil, "-"), (302_900_000, "302"), (-100_900_000, "-100")])
    func `a handshake took so long, or for a request was over so long ago`(end: Int64?, value: String) throws {
        var facts = Self.facts
        facts.startTime = 5_000_000_000
        facts.handshakeEnd = end.map { facts.startTime + $0 }
        let format = try FormatString("%DOWNSTREAM_HANDSHAKE_DURATION%")
        #expect(format.text(Self.request, facts: facts) == value)
    }

    @Test func `plain text has no value, but for the Host`() throws {
        var commands = TLSFact.allCases.map { "%DOWNSTREAM_\($0.rawValue)%" }
        commands += ["%UPSTREAM_TLS_VERSION%", "%UPSTREAM_PEER_CERT_V_END%", "%REQUESTED_SERVER_NAME%"]
        let format = commands.joined()
        let text = try FormatString(format).text(Self.request)
        #expect(text == String(repeating: "-", count: commands.count))
        let host = try FormatString("%REQUESTED_SERVER_NAME(SNI_FIRST)%").text(Self.request)
        #expect(host == "the.host:81")
    }

    @Test func `nothing of a name's or a reason's own ends a field of a line`() throws {
        var facts = ExchangeFacts()
        facts.downstreamFailure = Array("TLS_error: no cipher".utf8)
        #expect(
            try FormatString("%DOWNSTREAM_TRANSPORT_FAILURE_REASON%").text(Self.request, facts: facts)
                == "TLS_error:_no_cipher"
        )
    }

    @Test func `the end of all time is the end of the year 9999`() throws {
        var facts = ExchangeFacts()
        facts.downstreamTLS = TLSPeer(version: "", certificate: CertificateFacts(subject: []))
        #expect(try FormatString("%DOWNSTREAM_PEER_CERT_V_END(%Y)%").text(Self.request, facts: facts) == "9999")
        #expect(try FormatString("%DOWNSTREAM_PEER_CERT_V_START(%s)%").text(Self.request, facts: facts) == "0")
    }

    @Test(arguments: [
        "UPSTREAM_PEER_SERIAL", "UPSTREAM_LOCAL_SUBJECT", "UPSTREAM_PEER_EMAIL_SAN", "DOWNSTREAM_TLS_VERSIONS",
        "DOWNSTREAM_TLS_VERSION(x)", "DOWNSTREAM_TLS_VERSION:3", "XFCC_VALUE", "XFCC_VALUE(nope)",
    ])
    func `a command is refused`(command: String) {
        #expect(throws: FormatFault.self) { try FormatString("%\(command)%") }
    }

    @Test(arguments: [
        ("By=a;URI=b,By=c;URI=d;DNS=e", "b a - - e -"),
        (#"by=a;uri=b;Subject="x;y,\"z\"";Hash=;Cert="%20A""#, #"b a x;y,"z" %20A - "#),
        (#"Subject="CN=client\;one=two\\three,O=Co\, Ltd""#, #"- - CN=client\;one=two\three,O=Co\, Ltd - - -"#),
        ("junk,URI=1", "1 - - - - -"), (#"Subject="unclosed;URI=1"#, "- - - - - -"),
        (" URI = 1 ; DNS=2;URI=3", "1 - - - 2 -"), ("", "- - - - - -"),
    ])
    func `a value is found in what is said of certificates`(header: String, values: String) throws {
        let names = ["uri", "BY", "subject", "Cert", "dns", "hash"]
        let format = try FormatString(names.map { "%XFCC_VALUE(\($0))%" }.joined(separator: " "))
        let request = RequestHead("GET /", ["host: h", "x-forwarded-client-cert: \(header)"])
        #expect(format.text(request) == values)
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS towards clients and clusters: what it becomes, and Envoy 1.40's verdicts. No file is opened here.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct TLSTests {
    private static let type = "type.googleapis.com/envoy.extensions.transport_sockets"
    private static let certificate = "{certificate_chain: {filename: c.pem}, private_key: {filename: k.pem}}"
    private static let certificates = "tls_certificates: [\(certificate)]"

    private static func socket(_ name: String, _ fields: String) -> String {
        "transport_socket: {name: s, typed_config: {\"@type\": \(type).\(name), \(fields)}}"
    }

    private func load(chain fields: String) -> ConfigurationResult {
        Sample.load(("- filters:", "- \(fields)\n      filters:"))
    }

    private func load(client fields: String) -> ConfigurationResult {
        load(chain: Self.socket("tls.v3.DownstreamTlsContext", fields))
    }

    private func load(common fields: String) -> ConfigurationResult {
        load(client: "require_client_certificate: false, common_tls_context: {\(Self.certificates), \(fields)}")
    }

    private func load(cluster fields: String) -> ConfigurationResult {
        Sample.load(cluster: Self.socket("tls.v3.UpstreamTlsContext", fields))
    }

    @Test func `every field of the side of the clients arrives in the model`() throws {
        let result = load(
            client: """
                require_client_certificate: true, disable_stateless_session_resumption: true, common_tls_context: { \
                tls_params: {tls_minimum_protocol_version: TLSv1_1, tls_maximum_protocol_version: TLSv1_2, \
                cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, "", "[AES128-SHA|AES256-SHA]:AES128-GCM-SHA256"], \
                ecdh_curves: [x25519, "P-256:secp384r1"]}, tls_certificates: [{certificate_chain: {filename: c.pem}, \
                private_key: {inline_string: key}, password: {inline_string: ""}, watched_directory: {path: /d}}], \
                alpn_protocols: ["h2,http/1.1", "", other]}
                """
        )
        let tls = try #require(result.configuration?.listeners.first?.filterChains.first?.tls, "\(result.rendered)")
        var expected = DownstreamTLS()
        expected.parameters.minimum = .tls11
        expected.parameters.maximum = .tls12
        expected.parameters.cipherSuites = ["AES128-SHA", "[AES128-SHA|AES256-SHA]", "AES128-GCM-SHA256"]
        expected.parameters.curves = ["X25519", "P-256", "P-384"]
        var identity = TLSIdentity(chain: .file("c.pem"), key: .inline(Array("key".utf8)))
        identity.password = .inline([])
        identity.place = tls.identities.first?.place ?? ""
        expected.identities = [identity]
        expected.applicationProtocols = ["h2", "http/1.1", "other"]
        expected.requiresCertificate = true
        expected.offersTickets = false
        #expect(tls == expected)
        let path = "static_resources.listeners[0].filter_chains[0].transport_socket.typed_config"
        #expect(identity.place.hasPrefix("envoy.yaml:7:"))
        #expect(identity.place.hasSuffix(": \(path).common_tls_context.tls_certificates[0]"))
    }

    @Test func `every field of a validation arrives in the model`() throws {
        let hash = String(repeating: "aB", count: 32)
        let colons = Array(repeating: "0f", count: 32).joined(separator: ":")
        let result = load(
            common: """
                validation_context: {trusted_ca: {filename: ca.pem}, verify_certificate_hash: ["\(hash)", "\(colons)"], \
                verify_certificate_spki: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=], match_typed_subject_alt_names: [ \
                {san_type: URI, matcher: {prefix: "spiffe:"}}], allow_expired_certificate: true, \
                trust_chain_verification: ACCEPT_UNTRUSTED, watched_directory: {path: /d}}
                """
        )
        let validation = try #require(
            result.configuration?.listeners.first?.filterChains.first?.tls?.validation,
            "\(result.rendered)"
        )
        var expected = PeerValidation()
        expected.trustedCA = .file("ca.pem")
        expected.certificateHashes = [[UInt8](repeating: 0xAB, count: 32), [UInt8](repeating: 0x0F, count: 32)]
        expected.keyPins = [[UInt8](repeating: 0, count: 32)]
        expected.names = [SubjectNameMatcher(.uri, StringMatcher(.prefix("spiffe:")))]
        expected.allowsExpired = true
        expected.acceptsUntrusted = true
        expected.place = validation.place
        #expect(validation == expected)
        #expect(result.diagnostics.isEmpty)
    }

    @Test func `every field of the side of the clusters arrives in the model`() throws {
        let result = load(
            cluster: """
                sni: a.example, auto_host_sni: true, auto_sni_san_validation: true, max_session_keys: 0, \
                common_tls_context: {\(Self.certificates), alpn_protocols: [h2], validation_context: {}}
                """
        )
        let tls = try #require(result.configuration?.clusters.first?.tls, "\(result.rendered)")
        #expect(tls.sni == "a.example")
        #expect(tls.usesHostnameAsSNI && tls.validatesSNI)
        #expect(tls.identity?.chain == .file("c.pem"))
        #expect(tls.identity?.key == .file("k.pem"))
        #expect(tls.applicationProtocols == ["h2"])
        #expect(tls.validation != nil)
        #expect(tls.parameters == TLSParameters())
        #expect(
            load(cluster: "common_tls_context: {tls_certificates: [{}]}").configuration?.clusters.first?.tls
                == UpstreamTLS()
        )
        #expect(load(cluster: "sni: \"\"").configuration?.clusters.first?.tls == UpstreamTLS())
    }

    @Test func `a raw buffer is plain text on either side`() {
        let raw = Self.socket("raw_buffer.v3.RawBuffer", "").replacing(", }", with: "}")
        let result = load(chain: raw)
        #expect(result.isAccepted, "\(result.rendered)")
        #expect(result.configuration?.listeners.first?.filterChains.first?.tls == nil)
        let cluster = Sample.load(cluster: raw)
        #expect(cluster.isAccepted, "\(cluster.rendered)")
        #expect(cluster.configuration?.clusters.first?.tls == nil)
    }

    @Test(arguments: [
        ("", "No TLS certificates found for server context"),
        ("common_tls_context: {}", "No TLS certificates found for server context"),
        ("common_tls_context: {tls_certificates: [{}]}", "Server TlsCertificates must have a certificate specified"),
        (
            "common_tls_context: {tls_certificates: [{private_key: {filename: k}}]}",
            "Failed to load incomplete certificate from : certificate chain not set"
        ),
        (
            "common_tls_context: {tls_certificates: [{certificate_chain: {filename: c}}]}",
            "Failed to load incomplete private key from path: "
        ),
        (
            "common_tls_context: {tls_certificates: [{certificate_chain: {inline_string: \"\"}, private_key: {filename: k}}]}",
            "DataSource cannot be empty"
        ),
        (
            "common_tls_context: {\(certificates)}, require_sni: true",
            "unsupported field \"require_sni\" in DownstreamTlsContext"
        ),
        (
            "common_tls_context: {\(certificates), tls_certificate_sds_secret_configs: [{name: a}]}",
            "unsupported field \"tls_certificate_sds_secret_configs\" in CommonTlsContext"
        ),
    ])
    func `the side of the clients is refused`(written: String, message: String) {
        #expect(load(client: written).messages == [message])
    }

    @Test(arguments: [
        (
            "tls_params: {cipher_suites: [AES128-SHA, NOPE]}",
            "Failed to initialize cipher suites NOPE. The following ciphers were rejected when tried individually: NOPE"
        ),
        (
            "tls_params: {cipher_suites: [TLS_AES_128_GCM_SHA256]}",
            "Failed to initialize cipher suites TLS_AES_128_GCM_SHA256. The following ciphers were rejected when tried"
                + " individually: TLS_AES_128_GCM_SHA256"
        ),
        ("tls_params: {cipher_suites: [\"ECDHE+AESGCM:-3DES\"]}", "unsupported cipher suites"),
        ("tls_params: {cipher_suites: [DES-CBC3-SHA]}", "unsupported cipher suites"),
        (
            "tls_params: {cipher_suites: [\"[NOPE|ALL]\"]}",
            "Failed to initialize cipher suites [NOPE|ALL]. The following ciphers were rejected when tried individually:"
                + " [NOPE|ALL]"
        ),
        ("tls_params: {ecdh_curves: [P-257]}", "Failed to initialize ECDH curves P-257"),
        ("tls_params: {ecdh_curves: [P-224]}", "Failed to initialize ECDH curves P-224"),
        ("tls_params: {signature_algorithms: [a]}", "unsupported field \"signature_algorithms\" in TlsParameters"),
        ("alpn_protocols: [\(String(repeating: "a", count: 256))]", "Invalid ALPN protocol string"),
        ("validation_context: {verify_certificate_hash: [ab]}", "value length must be at least 64 characters"),
        (
            "validation_context: {verify_certificate_hash: [\(String(repeating: "a", count: 96))]}",
            "value length must be at most 95 bytes"
        ),
        (
            "validation_context: {verify_certificate_hash: [\(String(repeating: "z", count: 64))]}",
            "Invalid hex-encoded SHA-256 \(String(repeating: "z", count: 64))"
        ),
        (
            "validation_context: {verify_certificate_hash: [\(String(repeating: "a", count: 65))]}",
            "Invalid hex-encoded SHA-256 \(String(repeating: "a", count: 65))"
        ),
        (
            "validation_context: {verify_certificate_hash: [\(String(repeating: "ab-", count: 31))ab]}",
            "Invalid hex-encoded SHA-256 \(String(repeating: "ab-", count: 31))ab"
        ),
        ("validation_context: {verify_certificate_spki: [NvqY]}", "value length must be at least 44 characters"),
        (
            "validation_context: {verify_certificate_spki: [\(String(repeating: "A", count: 44))]}",
            "Invalid base64-encoded SHA-256 \(String(repeating: "A", count: 44))"
        ),
        ("validation_context: {trusted_ca: {}}", "specifier is required"),
        ("validation_context: {trusted_ca: {inline_string: \"\"}}", "DataSource cannot be empty"),
        (
            "validation_context: {match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: a}}]}",
            "SAN-based verification of peer certificates without trusted CA is insecure and not allowed"
        ),
        (
            "validation_context: {allow_expired_certificate: true}",
            "Certificate validity period is always ignored without trusted CA"
        ),
        (
            "validation_context: {trusted_ca: {filename: c}, match_typed_subject_alt_names: [{matcher: {exact: a}}]}",
            "value must not be in list [SAN_TYPE_UNSPECIFIED]"
        ),
        (
            "validation_context: {trusted_ca: {filename: c}, match_typed_subject_alt_names: [{san_type: DNS}]}",
            "matcher is required"
        ),
    ])
    func `what both sides have is refused`(written: String, message: String) {
        #expect(load(common: written).messages == [message])
    }

    @Test(arguments: [
        ("sni: \"\(String(repeating: "a", count: 256))\"", "value length must be at most 255 bytes"),
        ("sni: \"a\\0b\"", "SNI names containing NULL-byte are not allowed"),
        ("auto_sni_san_validation: true", "'auto_sni_san_validation' was configured without a validation context"),
        (
            "common_tls_context: {tls_certificates: [\(certificate), \(certificate)]}",
            "Multiple TLS certificates are not supported for client contexts"
        ),
        ("allow_renegotiation: true", "unsupported field \"allow_renegotiation\" in UpstreamTlsContext"),
    ])
    func `the side of the clusters is refused`(written: String, message: String) {
        #expect(load(cluster: written).messages == [message])
    }

    @Test func `a socket needs a name and a type, and that of its side`() {
        let type = "Didn't find a registered implementation for 's' with type URL: ''"
        #expect(load(chain: "transport_socket: {name: s}").messages == [type])
        #expect(load(chain: "transport_socket: {}").messages.contains("name is required"))
        #expect(load(chain: Self.socket("tls.v3.UpstreamTlsContext", "sni: a")).messages == ["unsupported @type"])
        let downstream = Self.socket("tls.v3.DownstreamTlsContext", "common_tls_context: {}")
        #expect(Sample.load(cluster: downstream).messages == ["unsupported @type"])
    }

    @Test func `what Envoy accepts and never works is warned of`() {
        let versions = "tls_params: {tls_minimum_protocol_version: TLSv1_3, tls_maximum_protocol_version: TLSv1_2}"
        let result = load(common: versions)
        #expect(result.isAccepted)
        #expect(result.messages == ["no handshake can succeed: the lowest version is above the highest"])
        let client = load(cluster: "common_tls_context: {tls_params: {tls_minimum_protocol_version: TLSv1_3}}")
        #expect(client.messages == result.messages)
        let open = load(client: "common_tls_context: {\(Self.certificates), validation_context: {}}")
        #expect(open.isAccepted)
        #expect(
            open.messages == ["clients without a certificate are served: require_client_certificate is not given"]
        )
    }

    @Test func `the deprecated list of names is of every kind`() {
        let names = "validation_context: {trusted_ca: {filename: c}, match_subject_alt_names: [{exact: a}]}"
        let result = load(common: names)
        let kinds = result.configuration?.listeners.first?.filterChains.first?.tls?.validation?.names.map(\.kind)
        #expect(kinds == [.dns, .uri, .email, .ipAddress], "\(result.rendered)")
        #expect(
            result.messages == ["match_subject_alt_names is deprecated: use match_typed_subject_alt_names"]
        )
    }

    @Test func `what becomes of the client's certificate arrives in the model`() {
        let details = "{subject: true, cert: true, chain: true, dns: true, uri: true}"
        let result = Sample.load(
            manager:
                "forward_client_cert_details: APPEND_FORWARD\n          set_current_client_cert_details: \(details)"
        )
        var expected = ClientCertificateForwarding()
        expected.mode = .appendForward
        expected.tellsSubject = true
        expected.tellsCertificate = true
        expected.tellsChain = true
        expected.tellsDNS = true
        expected.tellsURI = true
        #expect(result.manager?.clientCertificate == expected, "\(result.rendered)")
    }
}

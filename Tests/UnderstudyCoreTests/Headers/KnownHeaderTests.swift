// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A name that is not recognised is a rule that is not applied.

import Testing
import UnderstudyCore

struct KnownHeaderTests {
    private static let names: [(String, KnownHeader)] = [
        ("host", .host), ("content-length", .contentLength), ("transfer-encoding", .transferEncoding),
        ("connection", .connection), ("keep-alive", .keepAlive), ("proxy-connection", .proxyConnection), ("te", .te),
        ("trailer", .trailer), ("upgrade", .upgrade), ("expect", .expect), ("http2-settings", .http2Settings),
        ("x-forwarded-for", .forwardedFor),
        ("x-forwarded-proto", .forwardedProto), ("x-request-id", .requestID), ("date", .date), ("server", .server),
        ("x-envoy-upstream-service-time", .envoyServiceTime), ("x-envoy-internal", .envoyInternal),
        ("x-envoy-expected-rq-timeout-ms", .envoyExpectedTimeout), ("x-envoy-ip-tags", .internalOnly),
        ("x-envoy-retry-on", .clientControl), ("x-envoy-max-retries", .clientControl),
        ("x-envoy-force-trace", .internalOnly), ("x-envoy-retry-grpc-on", .clientControl),
        ("x-forwarded-client-cert", .clientCertificate), ("x-envoy-upstream-rq-timeout-ms", .clientControl),
        ("x-envoy-upstream-alt-stat-name", .clientControl), ("x-envoy-retriable-status-codes", .clientControl),
        ("x-envoy-retriable-header-names", .clientControl), ("x-envoy-hedge-on-per-try-timeout", .clientControl),
        ("x-envoy-upstream-stream-duration-ms", .clientControl),
        ("x-envoy-upstream-rq-per-try-timeout-ms", .clientControl),
        ("x-envoy-upstream-rq-timeout-alt-response", .clientControl), ("x-envoy-original-url", .internalOnly),
        ("x-envoy-original-path", .edgeOnly), ("x-envoy-original-host", .edgeOnly),
        ("x-envoy-decorator-operation", .edgeOnly), ("x-envoy-downstream-service-node", .edgeOnly),
        ("x-envoy-downstream-service-cluster", .edgeOnly), ("x-envoy-external-address", .envoyExternalAddress),
    ]

    private func meaning(of name: [UInt8], followedBy tail: String = "") -> KnownHeader {
        let bytes = Array("x".utf8) + name + Array(tail.utf8)
        return KnownHeader(lowercased: bytes.span, at: 1, length: name.count)
    }

    @Test(arguments: names)
    func `each name is recognised, and only whole`(name: String, known: KnownHeader) {
        #expect(meaning(of: Array(name.utf8)) == known)
        #expect(meaning(of: Array(name.utf8), followedBy: ": 1\r\n") == known)
        #expect(meaning(of: Array(name.utf8.dropLast()), followedBy: "") != known)
        #expect(meaning(of: Array(name.utf8) + [0x73]) != known)
    }

    @Test(arguments: names)
    func `one other byte makes another name`(name: String, known: KnownHeader) {
        for index in name.utf8.indices.map({ name.utf8.distance(from: name.startIndex, to: $0) }) {
            var bytes = Array(name.utf8)
            bytes[index] ^= 0x01
            #expect(meaning(of: bytes) != known, "byte \(index)")
        }
    }

    @Test(arguments: [
        "", "x", "cookie", "x-envoy-foo", "x-envoy-attempt-count", "x-envoy-is-timeout-retry", "x-forwarded-host",
        "content-type", String(repeating: "a", count: 99),
    ])
    func `every other name means nothing to a proxy`(name: String) {
        #expect(meaning(of: Array(name.utf8)) == .other)
    }

    @Test func `the table holds every meaning`() {
        #expect(Set(Self.names.map(\.1.rawValue)) == Set(1...KnownHeader.clientCertificate.rawValue))
    }
}

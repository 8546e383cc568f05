// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What is counted of handshakes, of a listener or a cluster; the names are those of Envoy's `ssl.`.

internal import Synchronization
public import UnderstudyCore

public final class TLSCounters: Sendable {
    /// Handshakes that failed for a reason of their own.
    public let connectionErrors = Counter()
    public let handshakes = Counter()
    public let resumptions = Counter()
    public let withoutCertificate = Counter()
    public let missingCertificates = Counter()
    /// Certificates that nobody who is trusted vouches for, or not now.
    public let untrustedCertificates = Counter()
    public let wrongNames = Counter()
    public let wrongHashes = Counter()
    /// Changed files that could not be used, so that what was read before still is.
    public let reloadFailures = Counter()
    public let reloads = Counter()
    /// Of handshakes, by `versions.TLSv1.3`, `ciphers.…` and `curves.…`.
    private let kinds = Mutex<[String: Counter]>([:])

    public init() {}

    /// - Parameter peer: What the handshake has settled.
    func countHandshake(_ peer: TLSPeer) {
        handshakes.add()
        if peer.isResumed { resumptions.add() }
        if peer.certificate == nil { withoutCertificate.add() }
        count("versions.\(peer.version)")
        if peer.cipher.utf8CodeUnitCount > 0 { count("ciphers.\(peer.cipher)") }
        if peer.curve.utf8CodeUnitCount > 0 { count("curves.\(peer.curve)") }
    }

    private func count(_ kind: String) {
        kinds.withLock { kinds in
            if let counter = kinds[kind] { return counter.add() }
            let counter = Counter()
            counter.add()
            kinds[kind] = counter
        }
    }

    /// Adds all numbers, under `ssl.`, and what became of changed files.
    ///
    /// - Parameter factory: `server_ssl_socket_factory` or `client_ssl_socket_factory`; Envoy counts there what it reads
    ///   again by SDS.
    public func add(to scope: inout StatisticsScope, factory: String) {
        scope.counter("ssl.connection_error", connectionErrors)
        scope.counter("ssl.handshake", handshakes)
        scope.counter("ssl.session_reused", resumptions)
        scope.counter("ssl.no_certificate", withoutCertificate)
        scope.counter("ssl.fail_verify_no_cert", missingCertificates)
        scope.counter("ssl.fail_verify_error", untrustedCertificates)
        scope.counter("ssl.fail_verify_san", wrongNames)
        scope.counter("ssl.fail_verify_cert_hash", wrongHashes)
        scope.counter("\(factory).ssl_context_update_by_sds", reloads)
        scope.counter("\(factory).key_rotation_failed", reloadFailures)
        for (name, counter) in kinds.withLock({ $0 }) { scope.counter("ssl.\(name)", counter) }
    }
}

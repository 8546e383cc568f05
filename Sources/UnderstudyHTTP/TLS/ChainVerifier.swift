// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Judges a certificate chain where BoringSSL cannot be asked: when the time does not count, when nothing but counting
// follows, and when somebody wants the whole chain that the other end has shown.

internal import NIOCore
internal import NIOSSL
internal import SwiftASN1
internal import UnderstudyCore
internal import X509

struct ChainVerifier: Sendable {
    /// Whose certificate it is.
    enum Peer { case client, server }

    /// `nil`: nobody has to vouch for it.
    let roots: [Certificate]?
    let peer: Peer
    let ignoresTime: Bool
    /// What cannot be vouched for is taken, too.
    let acceptsUntrusted: Bool
    let counters: TLSCounters

    /// - Parameter promise: Told later, and on another thread perhaps.
    func verify(_ chain: [NIOSSLCertificate], _ promise: EventLoopPromise<NIOSSLVerificationResult>) {
        guard let roots else { return promise.succeed(.certificateVerified) }
        promise.completeWithTask {
            if await isTrusted(chain, roots) { return .certificateVerified }
            // A handshake that fails by it is counted as that.
            guard acceptsUntrusted else { return .failed }
            counters.untrustedCertificates.add()
            return .certificateVerified
        }
    }

    private func isTrusted(_ chain: [NIOSSLCertificate], _ roots: [Certificate]) async -> Bool {
        let parsed = chain.compactMap { try? Certificate(derEncoded: $0.toDERBytes()) }
        guard parsed.count == chain.count, let leaf = parsed.first, mayServe(leaf) else { return false }
        let intermediates = CertificateStore(parsed.dropFirst())
        let result: CertificateValidationResult
        if ignoresTime {
            var verifier = Verifier(rootCertificates: CertificateStore(roots)) { TimelessPolicy() }
            result = await verifier.validate(leaf: leaf, intermediates: intermediates)
        } else {
            var verifier = Verifier(rootCertificates: CertificateStore(roots)) { RFC5280Policy() }
            result = await verifier.validate(leaf: leaf, intermediates: intermediates)
        }
        if case .validCertificate = result { return true }
        return false
    }

    /// Whether the certificate is for what it is shown for, if it says what it is for.
    ///
    /// - Source: RFC 5280 section 4.2.1.12, as BoringSSL reads it for its own judgement.
    private func mayServe(_ leaf: Certificate) -> Bool {
        do {
            guard let usages = try leaf.extensions.extendedKeyUsage else { return true }
            return usages.contains(.any) || usages.contains(peer == .client ? .clientAuth : .serverAuth)
        } catch {
            return false
        }
    }
}

/// Asks of a chain that those who sign may do so, whatever the time is.
///
/// - Source: RFC 5280 section 6.1.4, (k), (l) and (n).
private struct TimelessPolicy: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
        .X509ExtensionID.subjectAlternativeName,
    ]

    mutating func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) async -> PolicyEvaluationResult {
        for (depth, certificate) in chain.dropFirst().enumerated() {
            guard case .isCertificateAuthority(let most)? = try? certificate.extensions.basicConstraints,
                most.map({ depth <= $0 }) ?? true
            else { return .failsToMeetPolicy(reason: "a certificate is signed by what is no authority") }
            guard let usage = try? certificate.extensions.keyUsage else { continue }
            guard usage.keyCertSign else { return .failsToMeetPolicy(reason: "an authority may not sign") }
        }
        return .meetsPolicy
    }
}

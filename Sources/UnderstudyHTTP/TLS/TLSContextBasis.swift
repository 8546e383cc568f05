// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What server and client contexts have in common: parameters, trust, and files that may change.

internal import NIOCore
internal import NIOSSL
internal import SwiftASN1
internal import UnderstudyCore
internal import X509

extension TLSConfiguration {
    /// How long the other end has for its last word; nobody waits for it.
    private static let shutdownTime: Int64 = 100

    mutating func apply(
        _ parameters: TLSParameters,
        standardMaximum: UnderstudyCore.TLSVersion,
        applicationProtocols: [String]
    ) throws(TLSFault) {
        let maximum = parameters.maximum ?? max(standardMaximum, parameters.minimum)
        guard parameters.minimum <= maximum else {
            throw TLSFault(reason: "the lowest TLS version is above the highest")
        }
        minimumTLSVersion = parameters.minimum.library
        maximumTLSVersion = maximum.library
        cipherSuites = try CipherSuite.list(parameters.cipherSuites)
        curves = try KeyGroup.list(parameters.curves)
        try ALPNList.check(applicationProtocols)
        self.applicationProtocols = applicationProtocols
        shutdownTimeout = .milliseconds(Self.shutdownTime)
    }
}

/// Who may vouch for the other end's certificate, and how that is found out.
struct LoadedTrust: Sendable {
    /// `nil`: nobody has to.
    let roots: [NIOSSLCertificate]?
    /// Where the library's own judgement is not enough.
    private let verifier: ChainVerifier?
    private let tellsChain: Bool
    /// For `/certs`.
    let facts: CertificateFacts?

    init(
        _ validation: PeerValidation?,
        of peer: ChainVerifier.Peer,
        asksAlways: Bool,
        tellsChain: Bool,
        counters: TLSCounters,
        _ sources: inout TLSSources
    ) throws(TLSFault) {
        do throws(TLSFault) {
            if let source = validation?.trustedCA {
                roots = try TLSPEM.certificates(try sources.read(source), file: source.label)
            } else {
                roots = nil
            }
        } catch {
            var fault = error
            fault.place = validation?.place ?? ""
            throw fault
        }
        facts = roots.map { CertificateFacts([$0[0]]) }
        self.tellsChain = tellsChain
        let isSpecial = validation.map { $0.allowsExpired || $0.acceptsUntrusted } ?? false
        // A certificate that has to be there and that nobody has to vouch for is beyond the library, too.
        if isSpecial || tellsChain || roots == nil && asksAlways {
            verifier = ChainVerifier(
                roots: roots?.compactMap { try? Certificate(derEncoded: $0.toDERBytes()) },
                peer: peer,
                ignoresTime: validation?.allowsExpired ?? false,
                acceptsUntrusted: validation?.acceptsUntrusted ?? false,
                counters: counters
            )
        } else {
            verifier = nil
        }
    }

    func apply(to configuration: inout TLSConfiguration, isRequired: Bool, isAsked: Bool) {
        guard isAsked else {
            configuration.certificateVerification = .none
            return
        }
        configuration.certificateVerification = isRequired ? .noHostnameVerification : .optionalVerification
        configuration.trustRoots = .certificates(roots ?? [])
    }

    /// - Parameter chain: Gets what the other end has shown.
    func callback(_ chain: PresentedChain?) -> NIOSSLCustomVerificationCallback? {
        guard let verifier else { return nil }
        return { shown, promise in
            chain?.certificates = shown
            verifier.verify(shown, promise)
        }
    }

    var keepsChain: Bool { tellsChain && verifier != nil }
}

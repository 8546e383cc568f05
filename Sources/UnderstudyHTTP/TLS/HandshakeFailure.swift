// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why a handshake has failed, as Envoy counts and tells it.

internal import NIOCore
internal import NIOSSL
internal import UnderstudyCore

struct HandshakeFailure {
    enum Kind { case noCertificate, untrusted, other }

    let kind: Kind
    /// `TLS error:|268435612:SSL routines:OPENSSL_internal:HTTP_REQUEST:TLS error end`; empty if nobody has said why.
    let text: [UInt8]

    /// `nil`: the connection has just gone, or this is about something else.
    init?(_ error: (any Error)?) {
        guard let error else { return nil }
        switch error {
        case NIOSSLError.handshakeFailed(.sslError(let stack)):
            if Self.departures.contains(stack) { return nil }
            self.init(stack.compactMap { Self.entry($0.description) }.joined(separator: "|"))
        case let error as IOError:
            self.init(Self.entry(system: error.errnoCode))
        default:
            self.init("")
        }
    }

    private init(_ entries: String) {
        if entries.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") {
            self.init(.noCertificate, "\(entries):peer did not provide required client certificate")
        } else if entries.contains(Self.unverified) {
            self.init(.untrusted, "\(entries):verify cert failed")
        } else {
            self.init(.other, entries)
        }
    }

    private init(_ kind: Kind, _ entries: String) {
        self.kind = kind
        let text = "TLS error:|\(entries):TLS error end".utf8
        // Names in it come from a certificate.
        self.text = entries.isEmpty ? [] : text.map { $0 < 0x20 || $0 == 0x7F ? 0x5F : $0 }
    }

    /// The certificate is for somebody else.
    static func wrongName(_ certificate: CertificateFacts) -> Self {
        let names = certificate.dnsNames + certificate.uriNames + certificate.ipNames + certificate.emailNames
        let list = names.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
        return Self(.untrusted, "\(ownVerdict): SAN matcher, certificate SANs are [\(list)]")
    }

    /// The certificate is not one of those that are wanted.
    static let wrongHash = Self(.untrusted, "\(ownVerdict): cert hash and spki")

    /// What the library says of a peer that has just gone.
    private static let departures = [
        [BoringSSLInternalError.eofDuringHandshake],
        [BoringSSLInternalError.eofDuringAdditionalCertficiateChainValidation],
    ]

    private static let unverified = "CERTIFICATE_VERIFY_FAILED"

    /// What the library says when it is the judge.
    private static let ownVerdict = "268435581:SSL routines:OPENSSL_internal:\(unverified):verify cert failed"

    /// Out of `Error: 268435612 error:1000009c:SSL routines:OPENSSL_internal:HTTP_REQUEST at /path:245`.
    private static func entry(_ description: String) -> String? {
        let words = description.split(separator: " ", maxSplits: 2)
        guard words.count == 3, let number = UInt32(words[1]) else { return nil }
        let names = words[2].split(separator: ":", maxSplits: 2)
        guard names.count == 3 else { return nil }
        return "\(number):\(names[2].split(separator: " at ", maxSplits: 1)[0])"
    }

    /// As the library numbers errors of the system.
    private static func entry(system code: CInt) -> String {
        "\(2 << 24 | UInt32(code)):system library:OPENSSL_internal:\(SystemErrorText.systemText(code))"
    }
}

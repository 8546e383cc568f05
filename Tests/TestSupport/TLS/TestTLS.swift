// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The other end's TLS in a test's hand, and what became of its handshakes.

package import NIOCore
internal import NIOSSL
internal import NIOTLS

/// TLS on every connection that it is given to.
package final class TestTLS: ConnectionSecurity {
    /// Of one connection.
    package struct Outcome: Sendable, CustomStringConvertible {
        package internal(set) var isComplete = false
        /// What ALPN agreed on; empty for nothing.
        package internal(set) var applicationProtocol = ""
        package internal(set) var version = ""
        /// What the other end has shown, in DER; empty for nothing.
        package internal(set) var certificate: [UInt8] = []
        package internal(set) var errors: [String] = []
        package internal(set) var isOver = false
        /// The other end has said that this was its end.
        package var endedWell: Bool { isOver && errors.isEmpty }

        package var description: String {
            "\(version) \(applicationProtocol) complete: \(isComplete) over: \(isOver) \(errors)"
        }
    }

    package struct Wish: Sendable {
        package var identity: TestIdentity?
        /// `nil`: whatever the other end shows is taken.
        package var authority: TestAuthority?
        package var serverName: String?
        package var protocols: [String] = []
        package var asksForCertificate = false
        package var isTLS12 = false
        /// Of TLS 1.2, in the order of preference; empty for the library's.
        package var ciphers: [String] = []

        package init(_ change: (inout Wish) -> Void = { _ in }) { change(&self) }
    }

    /// By connection, in the order in which they were begun.
    package let outcomes = Watched<[Outcome]>([])
    /// By connection of a server: whom clients have asked for; empty for nobody.
    package let askedNames: Watched<[String]>
    private let isServer: Bool
    private let context: NIOSSLContext
    private let serverName: String?

    private init(isServer: Bool, _ configuration: TLSConfiguration, _ wish: Wish) throws {
        self.isServer = isServer
        var configuration = configuration
        configuration.applicationProtocols = wish.protocols
        configuration.minimumTLSVersion = .tlsv12
        let names = Watched<[String]>([])
        askedNames = names
        if isServer {
            configuration.sslContextCallback = { values, promise in
                names.update { $0.append(values.serverHostname ?? "") }
                promise.succeed(.noChanges)
            }
        }
        if !wish.ciphers.isEmpty { configuration.cipherSuites = wish.ciphers.joined(separator: ":") }
        if wish.isTLS12 { configuration.maximumTLSVersion = .tlsv12 }
        if let authority = wish.authority {
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(authority.certificate.utf8))
            )
        }
        context = try NIOSSLContext(configuration: configuration)
        serverName = wish.serverName
    }

    package static func client(_ wish: Wish = Wish()) throws -> TestTLS {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = wish.authority == nil ? .none : .noHostnameVerification
        if let identity = wish.identity {
            configuration.certificateChain = try chain(identity)
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem))
        }
        return try TestTLS(isServer: false, configuration, wish)
    }

    package static func server(_ identity: TestIdentity, _ wish: Wish = Wish()) throws -> TestTLS {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try chain(identity),
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem))
        )
        if wish.asksForCertificate { configuration.certificateVerification = .noHostnameVerification }
        return try TestTLS(isServer: true, configuration, wish)
    }

    private static func chain(_ identity: TestIdentity) throws -> [NIOSSLCertificateSource] {
        try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8)).map { .certificate($0) }
    }

    package func secure(_ channel: any Channel) throws {
        let handler: NIOSSLHandler =
            isServer
            ? NIOSSLServerHandler(context: context)
            : try NIOSSLClientHandler(context: context, serverHostname: serverName)
        let index = outcomes.current.count
        outcomes.update { $0.append(Outcome()) }
        let outcomes = self.outcomes
        let witness = HandshakeWitness(handler) { change in outcomes.update { change(&$0[index]) } }
        try channel.pipeline.syncOperations.addHandler(SocketCutter())
        try channel.pipeline.syncOperations.addHandler(handler)
        try channel.pipeline.syncOperations.addHandler(witness)
    }

    /// Waits until the first handshake has come to its end, good or bad.
    package func outcome(_ index: Int = 0) async throws -> Outcome {
        try await outcomes.wait("a handshake") {
            $0.count > index && ($0[index].isComplete || $0[index].isOver)
        }[index]
    }

    /// Waits until the connection is over.
    package func end(_ index: Int = 0) async throws -> Outcome {
        try await outcomes.wait("the end of a connection") { $0.count > index && $0[index].isOver }[index]
    }
}

private final class HandshakeWitness: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handler: NIOSSLHandler
    private let report: (@Sendable (inout TestTLS.Outcome) -> Void) -> Void

    init(_ handler: NIOSSLHandler, _ report: @escaping (@Sendable (inout TestTLS.Outcome) -> Void) -> Void) {
        self.handler = handler
        self.report = report
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent {
            let version = handler.tlsVersion.map { "\($0)" } ?? ""
            let certificate = (try? handler.peerCertificate?.toDERBytes()) ?? []
            report { outcome in
                outcome.isComplete = true
                outcome.applicationProtocol = name ?? ""
                outcome.version = version
                outcome.certificate = certificate
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let text = "\(error)"
        report { $0.errors.append(text) }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        report { $0.isOver = true }
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension HandshakeWitness: Sendable {}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS towards clients: what a filter chain's certificates and parameters come to.

internal import NIOCore
internal import NIOSSL
public import UnderstudyCore

/// Made when the configuration is; files are looked at again by `refresh`, for handshakes from then on.
public final class ServerTLSContext: ServerSecurity, Sendable {
    private let configuration: DownstreamTLS
    private let tellsChain: Bool
    private let counters: TLSCounters
    private let loaded: TLSReloaded<Loaded>

    /// What the files came to at one moment.
    private struct Loaded: Sendable {
        /// One for each identity, in their order.
        var choices: [Choice]
        var trust: LoadedTrust
    }

    private struct Choice: Sendable {
        let identity: LoadedIdentity
        let library: NIOSSLContext
        let settings: TLSConfiguration
    }

    /// - Parameters:
    ///   - tellsChain: Somebody wants all certificates that a client shows, and not only its own.
    ///   - now: Seconds since 1970.
    public init(
        _ configuration: DownstreamTLS,
        tellsChain: Bool = false,
        counters: TLSCounters,
        now: Int64 = WallClock.nanoseconds() / 1_000_000_000
    ) throws(TLSFault) {
        self.configuration = configuration
        self.tellsChain = tellsChain
        self.counters = counters
        loaded = try TLSReloaded(Self.sources(configuration), counters: counters) { (sources) throws(TLSFault) in
            try Self.load(configuration, tellsChain: tellsChain, counters: counters, &sources, now: now)
        }
    }

    private static func sources(_ configuration: DownstreamTLS) -> [TLSSource?] {
        configuration.identities.flatMap { [$0.chain, $0.key, $0.password] } + [configuration.validation?.trustedCA]
    }

    private static func load(
        _ configuration: DownstreamTLS,
        tellsChain: Bool,
        counters: TLSCounters,
        _ sources: inout TLSSources,
        now: Int64
    ) throws(TLSFault) -> Loaded {
        guard !configuration.identities.isEmpty else { throw TLSFault(reason: "there is no certificate") }
        let isRequired = configuration.requiresCertificate
        let trust = try LoadedTrust(
            configuration.validation,
            of: .client,
            asksAlways: isRequired,
            tellsChain: tellsChain,
            counters: counters,
            &sources
        )
        var choices: [Choice] = []
        for source in configuration.identities {
            let identity = try LoadedIdentity(source, &sources, now: now)
            var settings = TLSConfiguration.makeServerConfiguration(
                certificateChain: identity.chain.map { .certificate($0) },
                privateKey: .privateKey(identity.key)
            )
            try settings.apply(
                configuration.parameters,
                standardMaximum: .tls13,
                applicationProtocols: configuration.applicationProtocols
            )
            settings.sendCANameList = trust.roots != nil
            let isAsked = isRequired || configuration.validation != nil
            trust.apply(to: &settings, isRequired: isRequired, isAsked: isAsked)
            choices.append(Choice(identity: identity, library: try library(settings), settings: settings))
        }
        return Loaded(choices: choices, trust: trust)
    }

    private static func library(_ settings: TLSConfiguration) throws(TLSFault) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: settings)
        } catch {
            throw TLSFault(reason: "the TLS library refuses the parameters")
        }
    }

    public var choosesByHello: Bool { configuration.identities.count > 1 }

    public func makeSession(_ hello: ClientHello?) -> any TransportSecurity {
        let loaded = loaded.value
        let choice = Self.choice(loaded.choices, hello)
        let chain = loaded.trust.keepsChain ? PresentedChain() : nil
        let handler =
            if let callback = loaded.trust.callback(chain) {
                NIOSSLServerHandler(context: library(choice), customVerificationCallback: callback)
            } else {
                NIOSSLServerHandler(context: library(choice))
            }
        var plan = TLSSession.Plan(isServer: true, counters: counters, checks: PeerChecks(configuration.validation))
        plan.own = choice.identity.facts
        plan.hello = hello
        plan.chain = chain
        return TLSSession(plan, handler)
    }

    /// A context of its own knows no other connection's tickets, where no session may be taken up again.
    private func library(_ choice: Choice) -> NIOSSLContext {
        guard !configuration.offersTickets else { return choice.library }
        return (try? NIOSSLContext(configuration: choice.settings)) ?? choice.library
    }

    /// The first certificate for the name that the client can use, else the first that it can use.
    private static func choice(_ choices: [Choice], _ hello: ClientHello?) -> Choice {
        guard choices.count > 1, let hello else { return choices[0] }
        let usable = choices.filter { hello.acceptsECDSA || !$0.identity.isECDSA }
        let name = Array(hello.serverName.utf8)
        let named = usable.first { NameCheck.isNamed(name, $0.identity.facts) }
        return named ?? usable.first ?? choices[0]
    }

    // MARK: Files

    /// Reads files that have changed; what cannot be used leaves what there was.
    ///
    /// - Returns: Whether there is something new for handshakes from now on.
    public func refresh(now: Int64 = WallClock.nanoseconds() / 1_000_000_000) throws(TLSFault) -> Bool {
        try loaded.refresh { (sources) throws(TLSFault) in
            try Self.load(configuration, tellsChain: tellsChain, counters: counters, &sources, now: now)
        }
    }

    public var certificates: [TLSCertificates] {
        let loaded = loaded.value
        return loaded.choices.enumerated().map { index, choice in
            TLSCertificates(
                authority: loaded.trust.facts,
                authorityPath: configuration.validation?.trustedCA?.label ?? "",
                own: choice.identity.facts,
                ownPath: configuration.identities[index].chain.label
            )
        }
    }
}

/// What a context has, for the admin server.
public struct TLSCertificates: Sendable {
    public let authority: CertificateFacts?
    public let authorityPath: String
    public let own: CertificateFacts?
    public let ownPath: String
}

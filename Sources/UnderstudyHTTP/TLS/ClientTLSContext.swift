// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// TLS towards upstreams: what a cluster's trust, identity and parameters come to.

internal import NIOCore
internal import NIOSSL
public import UnderstudyCore

/// Made when the configuration is; files are looked at again by `refresh`, for handshakes from then on.
public final class ClientTLSContext: ClientSecurity, Sendable {
    private let configuration: UpstreamTLS
    /// By what their pools are to speak.
    private let protocols: Protocols
    /// The certificate has to be for the name that a request has given.
    private let sendsRequestName: Bool
    private let validatesRequestName: Bool
    private let counters: TLSCounters
    private let loaded: TLSReloaded<Loaded>

    private struct Loaded: Sendable {
        /// `http2` is another one only where the pool decides.
        var http1: NIOSSLContext
        var http2: NIOSSLContext
        /// `nil` where nothing is checked.
        var checks: NIOSSLContext?
        var identity: LoadedIdentity?
        var trust: LoadedTrust
    }

    /// What is offered by ALPN.
    private struct Protocols: Sendable {
        var http1: [String]
        var http2: [String]
        /// For health checks; `nil` where there are none.
        ///
        /// - Source: measured on Envoy 1.40.
        var checks: [String]?

        init(_ configuration: UpstreamTLS, _ version: HTTPVersionChoice, servesChecks: Bool) {
            let own: [String]? = configuration.applicationProtocols.isEmpty ? nil : configuration.applicationProtocols
            if servesChecks { checks = own ?? [] }
            switch version {
            case .http1: (http1, http2) = (own ?? ["http/1.1"], own ?? ["http/1.1"])
            case .http2: (http1, http2) = (own ?? ["h2"], own ?? ["h2"])
            case .automatic: (http1, http2) = (own ?? ["h2", "http/1.1"], own ?? ["h2", "http/1.1"])
            case .sameAsDownstream: (http1, http2) = (["http/1.1"], ["h2"])
            }
        }
    }

    /// - Parameters:
    ///   - version: What the cluster speaks.
    ///   - sendsRequestName: `auto_sni`.
    ///   - validatesRequestName: `auto_san_validation`, which works without the other, too.
    ///   - servesChecks: Its endpoints are checked, too.
    ///   - now: Seconds since 1970.
    public init(
        _ configuration: UpstreamTLS,
        version: HTTPVersionChoice = .http1,
        sendsRequestName: Bool = true,
        validatesRequestName: Bool = false,
        servesChecks: Bool = false,
        counters: TLSCounters,
        now: Int64 = WallClock.nanoseconds() / 1_000_000_000
    ) throws(TLSFault) {
        self.configuration = configuration
        self.sendsRequestName = sendsRequestName
        self.validatesRequestName = validatesRequestName
        self.counters = counters
        let protocols = Protocols(configuration, version, servesChecks: servesChecks)
        self.protocols = protocols
        loaded = try TLSReloaded(Self.sources(configuration), counters: counters) { (sources) throws(TLSFault) in
            try Self.load(configuration, protocols, counters: counters, &sources, now: now)
        }
    }

    private static func sources(_ configuration: UpstreamTLS) -> [TLSSource?] {
        let identity = configuration.identity
        return [identity?.chain, identity?.key, identity?.password, configuration.validation?.trustedCA]
    }

    private static func load(
        _ configuration: UpstreamTLS,
        _ protocols: Protocols,
        counters: TLSCounters,
        _ sources: inout TLSSources,
        now: Int64
    ) throws(TLSFault) -> Loaded {
        let trust = try LoadedTrust(
            configuration.validation,
            of: .server,
            asksAlways: false,
            tellsChain: false,
            counters: counters,
            &sources
        )
        var identity: LoadedIdentity?
        if let source = configuration.identity { identity = try LoadedIdentity(source, &sources, now: now) }
        var settings = TLSConfiguration.makeClientConfiguration()
        if let identity {
            settings.certificateChain = identity.chain.map { .certificate($0) }
            settings.privateKey = .privateKey(identity.key)
        }
        trust.apply(to: &settings, isRequired: true, isAsked: trust.roots != nil)
        func library(_ names: [String]) throws(TLSFault) -> NIOSSLContext {
            // As in Envoy, TLS 1.3 has to be asked for.
            try settings.apply(configuration.parameters, standardMaximum: .tls12, applicationProtocols: names)
            do {
                return try NIOSSLContext(configuration: settings)
            } catch {
                throw TLSFault(reason: "the TLS library refuses the parameters")
            }
        }
        let http1 = try library(protocols.http1)
        let http2 = protocols.http2 == protocols.http1 ? http1 : try library(protocols.http2)
        let checks = try protocols.checks.map { names throws(TLSFault) in
            names == protocols.http1 ? http1 : try library(names)
        }
        return Loaded(http1: http1, http2: http2, checks: checks, identity: identity, trust: trust)
    }

    public func makeSession(
        serverName: [UInt8],
        hostname: [UInt8],
        speaks: ApplicationProtocol?
    ) throws -> any TransportSecurity {
        let loaded = loaded.value
        let library = speaks == .http2 ? loaded.http2 : loaded.http1
        // There is nobody that the upstream would have to be.
        if validatesRequestName, serverName.isEmpty { throw NamelessRequest() }
        return try makeSession(library, loaded, serverName: serverName, hostname: hostname)
    }

    /// A request that names no host, where the certificate has to be for that host.
    private struct NamelessRequest: Error, CustomStringConvertible {
        let description = "the request names no host that a certificate could be for"
    }

    /// Makes the TLS of health checks, which agree on nothing by ALPN unless the configuration says so.
    public var forChecks: any ClientSecurity { CheckSecurity(context: self) }

    private final class CheckSecurity: ClientSecurity {
        private let context: ClientTLSContext

        init(context: ClientTLSContext) {
            self.context = context
        }

        func makeSession(
            serverName: [UInt8],
            hostname: [UInt8],
            speaks: ApplicationProtocol?
        ) throws -> any TransportSecurity {
            let loaded = context.loaded.value
            let library = loaded.checks ?? loaded.http1
            return try context.makeSession(library, loaded, serverName: serverName, hostname: hostname)
        }
    }

    private func makeSession(
        _ library: NIOSSLContext,
        _ loaded: Loaded,
        serverName: [UInt8],
        hostname: [UInt8]
    ) throws -> TLSSession {
        let wish = sendsRequestName && !serverName.isEmpty ? serverName : configuredName(hostname)
        // An address is no SNI (RFC 6066 section 3).
        let name = Self.isHostName(wish) && IPAddress(wish) == nil ? wish : []
        let asked = name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
        let handler =
            if let callback = loaded.trust.callback(nil) {
                try NIOSSLClientHandler(context: library, serverHostname: asked, customVerificationCallback: callback)
            } else {
                try NIOSSLClientHandler(context: library, serverHostname: asked)
            }
        var plan = TLSSession.Plan(isServer: false, counters: counters, checks: PeerChecks(configuration.validation))
        plan.serverName = name
        plan.own = loaded.identity?.facts
        if validatesRequestName, !serverName.isEmpty {
            plan.wantedName = serverName
        } else if configuration.validatesSNI, !wish.isEmpty {
            plan.wantedName = wish
        }
        return TLSSession(plan, handler)
    }

    private func configuredName(_ hostname: [UInt8]) -> [UInt8] {
        configuration.usesHostnameAsSNI && !hostname.isEmpty ? hostname : Array(configuration.sni.utf8)
    }

    /// Whether the library takes it as an SNI.
    private static func isHostName(_ name: [UInt8]) -> Bool {
        (1...255).contains(name.count) && name.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    // MARK: Files

    /// Reads files that have changed; what cannot be used leaves what there was.
    ///
    /// - Returns: Whether there is something new for handshakes from now on.
    public func refresh(now: Int64 = WallClock.nanoseconds() / 1_000_000_000) throws(TLSFault) -> Bool {
        try loaded.refresh { (sources) throws(TLSFault) in
            try Self.load(configuration, protocols, counters: counters, &sources, now: now)
        }
    }

    public var certificates: TLSCertificates {
        let loaded = loaded.value
        return TLSCertificates(
            authority: loaded.trust.facts,
            authorityPath: configuration.validation?.trustedCA?.label ?? "",
            own: loaded.identity?.facts,
            ownPath: configuration.identity?.chain.label ?? ""
        )
    }
}

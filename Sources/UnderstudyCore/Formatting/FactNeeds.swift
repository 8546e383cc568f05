// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which facts of an exchange a format string tells, so that only these are collected.

/// Facts that cost something to keep or to find out; all others are always there.
public struct FactNeeds: OptionSet, Sendable, Hashable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The one of every option set would be called by way of its witnesses.
    @inlinable
    @inline(__always)
    public func contains(_ needs: FactNeeds) -> Bool { rawValue & needs.rawValue == needs.rawValue }

    /// When things happened: `timing`.
    public static let timing = FactNeeds(rawValue: 1)
    /// Bytes on the wire: `downstreamBytes` and `upstreamBytes`.
    public static let wireBytes = FactNeeds(rawValue: 1 << 1)
    /// Where the machine is: `zone`.
    public static let zone = FactNeeds(rawValue: 1 << 2)
    /// Two random numbers: `unique`.
    public static let unique = FactNeeds(rawValue: 1 << 3)
    /// The end of the answer: `responseTrailers`.
    public static let trailers = FactNeeds(rawValue: 1 << 4)
    /// The client's side: `remote`, `directRemote` and `local`.
    public static let downstreamAddresses = FactNeeds(rawValue: 1 << 5)
    /// The primary: `upstream` and `upstreamName`.
    public static let upstream = FactNeeds(rawValue: 1 << 6)
    /// This end of the primary's connection: `upstreamLocal`.
    public static let upstreamLocal = FactNeeds(rawValue: 1 << 7)
    /// What the configuration calls things: `routeName`, `filterChainName`, `virtualHostName`, `clusterName` and
    /// `virtualClusterName`.
    public static let names = FactNeeds(rawValue: 1 << 8)
    /// The machine: `hostname`.
    public static let hostname = FactNeeds(rawValue: 1 << 9)
    /// The proxy's own text: `localReplyBody`.
    public static let localReplyBody = FactNeeds(rawValue: 1 << 10)
    /// Why there is no connection: `transportFailure`.
    public static let transportFailure = FactNeeds(rawValue: 1 << 11)
    /// TLS on either side: `downstreamTLS` and `upstreamTLS`.
    public static let tls = FactNeeds(rawValue: 1 << 12)
    public static let all = FactNeeds(rawValue: (1 << 13) - 1)
}

extension FormatString {
    /// What the commands in it tell.
    public var needs: FactNeeds {
        pieces.reduce(into: []) { needs, piece in
            if case .command(let command) = piece { needs.formUnion(command.needs) }
        }
    }
}

extension BodyFormat {
    public var needs: FactNeeds {
        switch form {
        case .text(let format): format.needs
        case .json(let tree): tree.needs
        }
    }
}

extension FormatTree {
    /// Recursion is as deep as the configuration's nesting, which the reader of configurations bounds.
    var needs: FactNeeds {
        switch self {
        case .string(let format): format.needs
        case .number, .bool, .null: []
        case .list(let elements): elements.reduce(into: []) { $0.formUnion($1.needs) }
        case .object(let members): members.reduce(into: []) { $0.formUnion($1.value.needs) }
        }
    }
}

extension FormatCommand {
    var needs: FactNeeds {
        switch self {
        case .responseTrailer, .grpcStatus: .trailers
        case .span: .timing
        case .tls, .certificateTime, .serverName: .tls
        case .responseDetails: .transportFailure
        case .startTime(_, let isLocal), .emitTime(_, let isLocal): isLocal ? .zone : []
        case .attempted: .upstream
        case .network(let fact, _): fact.needs
        case .fact(let fact): fact.needs
        case .coalesced(let choices, _): choices.reduce(into: []) { $0.formUnion($1.needs) }
        default: []
        }
    }
}

extension FormatFact {
    var needs: FactNeeds {
        switch self {
        case .hostname: .hostname
        case .localReplyBody: .localReplyBody
        case .routeName, .filterChainName, .clusterName, .rawClusterName, .virtualClusterName: .names
        case .remote, .remotePort, .remoteHost, .directRemote, .directRemotePort, .directRemoteHost, .local, .localPort,
            .localHost, .directLocal, .directLocalPort, .directLocalHost, .handshakeDuration:
            .downstreamAddresses
        case .upstreamHost, .upstreamRemote, .upstreamRemotePort, .upstreamRemoteHost, .upstreamName,
            .upstreamNameWithoutPort:
            .upstream
        case .upstreamLocal, .upstreamLocalPort, .upstreamLocalHost: .upstreamLocal
        case .transportFailure: .transportFailure
        case .uniqueID: .unique
        case .responseTrailersBytes: .trailers
        case .requestDuration, .requestSendDuration, .responseSendDuration,
            .poolReadyDuration:
            .timing
        case .downstreamWireSent, .downstreamWireReceived, .downstreamHeadersSent, .downstreamHeadersReceived,
            .upstreamWireSent, .upstreamWireReceived, .upstreamHeadersSent, .upstreamHeadersReceived:
            .wireBytes
        default: []
        }
    }
}

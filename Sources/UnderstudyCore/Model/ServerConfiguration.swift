// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The checked configuration: what every later floor works from once a file has been read.

/// Everything a run needs to know, immutable and free of wire types.
///
/// The compile stage of `UnderstudyConfig` makes it; whatever reaches this type has passed every check.
public struct ServerConfiguration: Sendable, Equatable {
    public var listeners: [Listener]
    public var clusters: [Cluster]
    /// Where the admin server listens; `nil` switches it off.
    ///
    /// Source: Envoy `Bootstrap.admin`.
    public var admin: SocketEndpoint?
    /// A line of each for every admin request.
    public var adminLogs: [AccessLog] = []
    /// How often histograms take over what was recorded.
    ///
    /// Default 5 s. Source: `stats_flush_interval`.
    public var statsFlushInterval = Duration.seconds(5)
    /// The configuration as `/config_dump` shows it.
    public var document = ConfigurationDocument()
    /// Later layers win.
    ///
    /// Source: `layered_runtime.layers`.
    public var runtime: [RuntimeLayer] = []
    /// The service's own name.
    ///
    /// Source: `node.cluster`.
    public var serviceCluster = ""
    /// Source: `node.id`.
    public var serviceNode = ""
    /// `nil` sheds no load.
    ///
    /// Source: `overload_manager`.
    public var overload: OverloadOptions?
    /// What mirrors may take.
    public var mirroring = MirroringOptions()

    public init(listeners: [Listener], clusters: [Cluster], admin: SocketEndpoint? = nil) {
        self.listeners = listeners
        self.clusters = clusters
        self.admin = admin
    }
}

/// Source: Envoy `RuntimeLayer`.
public struct RuntimeLayer: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case `static`([String: RuntimeValue])
        /// A directory with a file for each value, read again when the directory at `root` is replaced.
        case disk(root: String, subdirectory: String)
        /// Changed by the admin server.
        case admin
    }

    public var name: String
    public var kind: Kind

    public init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// A host and a port as configured: an IP literal, or a name that is still to be resolved.
public struct SocketEndpoint: Sendable, Equatable, Hashable {
    public var host: String
    /// 0 to 65535; 0 on a listener asks the system for a free port.
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

extension SocketEndpoint: CustomStringConvertible {
    /// `host:port`, with brackets around an IPv6 literal (RFC 3986 section 3.2.2).
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a line is written for each request, and which requests get one.

/// One access log.
///
/// - Source: Envoy `AccessLog` with `FileAccessLog`, `StdoutAccessLog` or `StderrAccessLog`.
public struct AccessLog: Sendable, Equatable {
    public enum Sink: Sendable, Hashable {
        case file(path: String)
        case standardOutput
        case standardError
    }

    public var sink: Sink
    /// `nil` gives a line to every request.
    public var filter: AccessLogFilter?
    /// `nil` is Envoy's default line.
    public var format: BodyFormat?

    public init(_ sink: Sink, filter: AccessLogFilter? = nil, format: BodyFormat? = nil) {
        self.sink = sink
        self.filter = filter
        self.format = format
    }
}

/// Which requests get a line, and which replies a mapper is for.
///
/// Source: Envoy `AccessLogFilter`.
public indirect enum AccessLogFilter: Sendable, Equatable {
    public enum Comparison: Sendable, Equatable { case equal, atLeast, atMost, notEqual }

    /// The value may be replaced in the runtime under the key; an empty key never is.
    case status(Comparison, value: UInt32, runtimeKey: String)
    case durationMilliseconds(Comparison, value: UInt32, runtimeKey: String)
    case header(HeaderMatch)
    /// The request's identifier decides, so that all proxies on its way agree; or dice do.
    case runtime(RuntimeFraction, usesIndependentRandomness: Bool = false)
    /// The request or reply has any of these flags, or any flag if there is none in the list.
    case responseFlags([String])
    case notHealthCheck
    case all([AccessLogFilter])
    case any([AccessLogFilter])
    /// gRPC status numbers; `isExcluding` takes all others.
    case grpcStatuses([UInt32], isExcluding: Bool)
}

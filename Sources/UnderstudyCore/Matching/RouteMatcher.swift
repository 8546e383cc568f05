// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Everything a route asks of a request before it takes it.

/// A `RouteMatch` arranged for bytes.
public struct RouteMatcher: Sendable {
    public let path: PathMatcher
    /// `nil` for the common route, which asks for nothing but a path.
    private let conditions: Conditions?

    public init(_ match: RouteMatch, ignoresParameters: Bool = false) {
        path = PathMatcher(
            match.path,
            isCaseSensitive: match.isCaseSensitive,
            ignoresParameters: ignoresParameters
        )
        let asksForMore =
            match.fraction != nil || match.isGRPC || !match.headers.isEmpty || !match.queryParameters.isEmpty
        conditions = asksForMore ? Conditions(match) : nil
    }

    /// - Parameters:
    ///   - path: Where the head's path stands.
    ///   - random: One number per request.
    public func matches(
        _ head: borrowing RequestHead,
        path range: Range<Int>,
        random: () -> UInt64,
        runtime: borrowing RuntimeSnapshot
    ) -> Bool {
        guard path.matches(head.headers.bytes.span, path: range, method: head.method) else { return false }
        guard let conditions else { return true }
        return conditions.hold(for: head, random: random, runtime: runtime)
    }

    private final class Conditions: Sendable {
        private let fraction: RuntimeFraction?
        private let headers: [HeaderMatcher]
        private let queryParameters: [QueryParameterMatcher]
        private let isGRPC: Bool

        init(_ match: RouteMatch) {
            fraction = match.fraction
            headers = match.headers.map { HeaderMatcher($0) }
            queryParameters = match.queryParameters.map { QueryParameterMatcher($0) }
            isGRPC = match.isGRPC
        }

        func hold(
            for head: borrowing RequestHead,
            random: () -> UInt64,
            runtime: borrowing RuntimeSnapshot
        ) -> Bool {
            if let fraction, !fraction.includes(random(), copy runtime) { return false }
            if isGRPC, !head.isGRPC { return false }
            for matcher in headers where !matcher.matches(request: head) { return false }
            let bytes = head.headers.bytes.span
            for matcher in queryParameters where !matcher.matches(bytes, target: head.target) { return false }
            return true
        }
    }
}

extension RequestHead {
    /// Whether the content type is `application/grpc`, or that with a plus and a format.
    ///
    /// - Source: measured on Envoy 1.40, which minds the case.
    public var isGRPC: Bool {
        guard let first = headers.firstIndex(named: Self.contentType) else { return false }
        let value = headers.lines[first].value
        let bytes = headers.bytes.span
        guard ByteScan.hasPrefix(bytes, value, Self.grpc) else { return false }
        return value.count == Self.grpc.count || bytes[value.lowerBound + Self.grpc.count] == 0x2B
    }

    private static let contentType = Array("content-type".utf8)
    private static let grpc = Array("application/grpc".utf8)
}

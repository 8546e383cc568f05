// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The number that stands for a request where endpoints are chosen by hash.

/// `HashPolicy`s arranged for bytes.
///
/// - Source: Envoy `RouteAction.hash_policy`; measured on Envoy 1.40.
public struct RequestHash: Sendable {
    /// Who sent the request.
    public struct Client: Sendable {
        /// The address that is trusted to be the client's, which may be from `x-forwarded-for`.
        public var address: [UInt8]?
        /// Both ends of the connection with their ports, one after the other, as `1.2.3.4:5678` and `[::1]:80`.
        public var connection: [UInt8]

        public init(address: [UInt8]?, connection: [UInt8]) {
            self.address = address
            self.connection = connection
        }
    }

    public struct Result: Sendable, Equatable {
        public init() {}

        /// `nil` if the request has nothing that the policies look at.
        public var hash: UInt64?
        /// Values of the `set-cookie` lines that the client has to get.
        public var cookies: [[UInt8]] = []
    }

    private enum Source: Sendable {
        case header(HashedHeader)
        case cookie(HashedCookie)
        case sourceIP
        case queryParameter([UInt8])
    }

    private let policies: [(source: Source, isTerminal: Bool)]

    public init(_ policies: [HashPolicy]) {
        self.policies = policies.map { policy in
            let source: Source =
                switch policy.source {
                case .header(let name, let rewrite): .header(HashedHeader(name, rewrite))
                case .cookie(let name, let ttl, let path): .cookie(HashedCookie(name, ttl: ttl, path: path))
                case .sourceIP: .sourceIP
                case .queryParameter(let name): .queryParameter(Array(name.utf8))
                }
            return (source, policy.isTerminal)
        }
    }

    public var isEmpty: Bool { policies.isEmpty }

    /// - Parameter client: Asked at most once for each policy that needs it.
    public func hash(of head: borrowing RequestHead, client: () -> Client) -> Result {
        var result = Result()
        for (source, isTerminal) in policies {
            if let hash = hash(source, of: head, client: client, cookies: &result.cookies) {
                // Turning the old hash keeps two equal ones from undoing each other.
                result.hash = result.hash.map { ($0 << 1 | $0 >> 63) ^ hash } ?? hash
            }
            if isTerminal, result.hash != nil { break }
        }
        return result
    }

    private func hash(
        _ source: Source,
        of head: borrowing RequestHead,
        client: () -> Client,
        cookies: inout [[UInt8]]
    ) -> UInt64? {
        let bytes = head.headers.bytes.span
        switch source {
        case .header(let header): return header.hash(of: head)
        case .cookie(let cookie):
            if let value = cookie.value(in: head.headers) { return XXHash64.hash(bytes.extracting(value)) }
            guard cookie.isMade else { return nil }
            let value = cookie.newValue(for: client().connection)
            cookies.append(cookie.line(value))
            return XXHash64.hash(value)
        case .sourceIP: return client().address.map { XXHash64.hash($0) }
        case .queryParameter(let name):
            return QueryParameterMatcher.firstValue(of: name, bytes, head.target).map {
                XXHash64.hash(bytes.extracting($0))
            }
        }
    }
}

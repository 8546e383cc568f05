// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The certificates in use, for whoever has to renew them.

/// Of one TLS context of a listener or a cluster.
public struct CertificateStatus: Sendable {
    /// Who is trusted; `nil` for nobody.
    public var authority: Entry?
    public var own: Entry?

    public struct Entry: Sendable {
        /// Empty for one within the configuration.
        public var path: String
        public var facts: CertificateFacts

        public init(path: String, facts: CertificateFacts) {
            self.path = path
            self.facts = facts
        }
    }

    public init(authority: Entry?, own: Entry?) {
        self.authority = authority
        self.own = own
    }
}

extension CertificateFacts {
    /// Whole days until it expires; zero once it has.
    public func daysLeft(now: Int64) -> Int64 { max(0, (validUntil - now) / 86_400) }
}

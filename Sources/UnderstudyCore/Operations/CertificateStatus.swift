// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The certificates in use, for whoever has to renew them.

/// Of one TLS context of a listener or a cluster.
package struct CertificateStatus: Sendable {
    /// Who is trusted; `nil` for nobody.
    package var authority: Entry?
    package var own: Entry?

    package struct Entry: Sendable {
        /// Empty for one within the configuration.
        package var path: String
        package var facts: CertificateFacts

        package init(path: String, facts: CertificateFacts) {
            self.path = path
            self.facts = facts
        }
    }

    package init(authority: Entry?, own: Entry?) {
        self.authority = authority
        self.own = own
    }
}

extension CertificateFacts {
    /// Whole days until it expires; zero once it has.
    package func daysLeft(now: Int64) -> Int64 { max(0, (validUntil - now) / 86_400) }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why a certificate, a key or a parameter cannot be used.

/// For whoever wrote the configuration.
package struct TLSFault: Error, Equatable, CustomStringConvertible {
    /// Where it stands in the configuration, such as `envoy.yaml:12:9: static_resources...`; may be empty.
    package var place: String
    /// Which file, or `inline` for bytes within the configuration; empty if it is about none.
    package var file: String
    /// In plain words.
    package var reason: String

    package init(place: String = "", file: String = "", reason: String) {
        self.place = place
        self.file = file
        self.reason = reason
    }

    package var description: String {
        [place, file, reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

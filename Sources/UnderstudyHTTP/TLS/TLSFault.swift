// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why a certificate, a key or a parameter cannot be used.

/// For whoever wrote the configuration.
public struct TLSFault: Error, Equatable, CustomStringConvertible {
    /// Where it stands in the configuration, such as `envoy.yaml:12:9: static_resources...`; may be empty.
    public var place: String
    /// Which file, or `inline` for bytes within the configuration; empty if it is about none.
    public var file: String
    /// In plain words.
    public var reason: String

    /// The system had nothing left to read the file with, so that it is worth another try as it is.
    public var isPassing: Bool

    public init(place: String = "", file: String = "", reason: String, isPassing: Bool = false) {
        self.place = place
        self.file = file
        self.reason = reason
        self.isPassing = isPassing
    }

    public var description: String {
        [place, file, reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why a format string or a change of header lines cannot be used, told when the configuration is read.

/// One fault, in Envoy's wording where Envoy refuses the same.
public struct FormatFault: Error, Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// There is no such command; likely a typo.
        case unknown
        /// Envoy knows it, we do not yet.
        case unsupported
        case invalid
    }

    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

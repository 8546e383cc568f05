// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A bound on the connections of one listener.

/// Source: Envoy `ConnectionLimit`.
public struct ConnectionLimit: Sendable, Equatable {
    /// The `connection_limit.<stat_prefix>.` in the names of its statistics.
    ///
    /// Never empty.
    public var statPrefix: String
    /// At least 1.
    public var maximum: UInt64
    /// How long a connection that is refused stays open.
    ///
    /// Default zero. Source: `delay`.
    public var delay = Duration.zero
    /// Source: `runtime_enabled`.
    public var isEnabled = RuntimeSwitch(true)

    public init(statPrefix: String, maximum: UInt64) {
        self.statPrefix = statPrefix
        self.maximum = maximum
    }
}

/// Source: Envoy `RuntimeFeatureFlag`.
public struct RuntimeSwitch: Sendable, Equatable {
    public var isOn: Bool
    /// The runtime key whose value replaces it; empty for none.
    public var key: String

    public init(_ isOn: Bool, key: String = "") {
        self.isOn = isOn
        self.key = key
    }

    public func isOn(_ runtime: RuntimeSnapshot) -> Bool {
        key.isEmpty ? isOn : runtime[key]?.bool ?? isOn
    }
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A bound on the connections of one listener.

/// Source: Envoy `ConnectionLimit`.
package struct ConnectionLimit: Sendable, Equatable {
    /// The `connection_limit.<stat_prefix>.` in the names of its statistics.
    ///
    /// Never empty.
    package var statPrefix: String
    /// At least 1.
    package var maximum: UInt64
    /// How long a connection that is refused stays open.
    ///
    /// Default zero. Source: `delay`.
    package var delay = Duration.zero
    /// Source: `runtime_enabled`.
    package var isEnabled = RuntimeSwitch(true)

    package init(statPrefix: String, maximum: UInt64) {
        self.statPrefix = statPrefix
        self.maximum = maximum
    }
}

/// Source: Envoy `RuntimeFeatureFlag`.
package struct RuntimeSwitch: Sendable, Equatable {
    package var isOn: Bool
    /// The runtime key whose value replaces it; empty for none.
    package var key: String

    package init(_ isOn: Bool, key: String = "") {
        self.isOn = isOn
        self.key = key
    }

    package func isOn(_ runtime: RuntimeSnapshot) -> Bool {
        key.isEmpty ? isOn : runtime[key]?.bool ?? isOn
    }
}

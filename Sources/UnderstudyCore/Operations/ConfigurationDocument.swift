// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as it was read, for whoever wants to see it again.

/// JSON texts in Envoy's spelling, as `/config_dump` shows them; private keys and other secrets are blacked out.
public struct ConfigurationDocument: Sendable, Equatable {
    /// A resource under its name.
    public struct Resource: Sendable, Equatable {
        public var name: String
        /// A JSON object with `@type`.
        public var json: String

        public init(name: String, json: String) {
            self.name = name
            self.json = json
        }
    }

    /// Seconds since 1970; 0 for when the process began.
    public var loadTime: Int64 = 0
    /// A JSON object; empty if the configuration did not come from a file.
    public var bootstrap = ""
    public var listeners: [Resource] = []
    public var clusters: [Resource] = []
    public var routes: [Resource] = []

    public init() {}
}

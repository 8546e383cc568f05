// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The configuration as it was read, for whoever wants to see it again.

/// JSON texts in Envoy's spelling, as `/config_dump` shows them; private keys and other secrets are blacked out.
package struct ConfigurationDocument: Sendable, Equatable {
    /// A resource under its name.
    package struct Resource: Sendable, Equatable {
        package var name: String
        /// A JSON object with `@type`.
        package var json: String

        package init(name: String, json: String) {
            self.name = name
            self.json = json
        }
    }

    /// Seconds since 1970; 0 for when the process began.
    package var loadTime: Int64 = 0
    /// A JSON object; empty if the configuration did not come from a file.
    package var bootstrap = ""
    package var listeners: [Resource] = []
    package var clusters: [Resource] = []
    package var routes: [Resource] = []

    package init() {}
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The fields of Envoy that are newer than the descriptors that `api/` is checked against, so that it cannot reserve them.

extension Schema {
    /// By message.
    ///
    /// - Source: what Envoy 1.40 accepts.
    static let newerFields: [String: [String]] = [
        "envoy.config.route.v3.RouteMatch": ["cookies"]
    ]
}

// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Who is who in the sandbox: the names of the example's envoy.yaml.

/// One of the example's services.
struct SandboxServiceName: Sendable, Equatable {
    let name: String
    /// The number in its answer.
    let number: Int

    static let all = [
        SandboxServiceName(name: "service1", number: 1),
        SandboxServiceName(name: "service1-mirror", number: 1),
        SandboxServiceName(name: "service2", number: 2),
        SandboxServiceName(name: "service2-mirror", number: 2),
    ]

    /// The services' port, as the example's envoy.yaml has it.
    static let port = 8080

    static func named(_ name: String) -> SandboxServiceName? {
        all.first { $0.name == name }
    }
}

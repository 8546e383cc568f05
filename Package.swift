// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// The house. Imports between targets go down only; docs/architecture.md has the floor plan.

import PackageDescription

let ours: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

func theirs(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package)
}

let nioCore = theirs("NIOCore", "swift-nio")
let nioPosix = theirs("NIOPosix", "swift-nio")
let nioEmbedded = theirs("NIOEmbedded", "swift-nio")
let logging = theirs("Logging", "swift-log")

let package = Package(
    name: "understudy",
    products: [
        .executable(name: "understudy", targets: ["understudy"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 0: decides
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "EnvoyAPI", dependencies: [theirs("SwiftProtobuf", "swift-protobuf")]),
        .target(name: "UnderstudyCore", dependencies: ["CRE2"], swiftSettings: ours),

        // Floor 1: reads, speaks
        .target(
            name: "UnderstudyConfig",
            dependencies: [
                "UnderstudyCore", "EnvoyAPI", theirs("SwiftProtobuf", "swift-protobuf"), theirs("Yams", "Yams"),
            ],
            swiftSettings: ours
        ),
        .target(
            name: "UnderstudyHTTP",
            dependencies: ["UnderstudyCore", nioCore, nioPosix],
            swiftSettings: ours
        ),

        // Floor 2: serves
        .target(
            name: "UnderstudyProxy",
            dependencies: ["UnderstudyCore", "UnderstudyHTTP", nioCore, nioPosix, logging],
            swiftSettings: ours
        ),

        // Floor 3: shows
        .target(
            name: "UnderstudyAdmin",
            dependencies: ["UnderstudyCore", "UnderstudyHTTP", nioCore],
            swiftSettings: ours
        ),

        // Floor 4: wires
        .executableTarget(
            name: "understudy",
            dependencies: [
                "UnderstudyCore", "UnderstudyConfig", "UnderstudyHTTP", "UnderstudyProxy", "UnderstudyAdmin",
                nioCore, nioPosix, logging, theirs("ArgumentParser", "swift-argument-parser"),
            ],
            swiftSettings: ours
        ),

        .target(
            name: "TestSupport",
            dependencies: ["UnderstudyCore", nioCore, nioPosix],
            path: "Tests/TestSupport",
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyCoreTests",
            dependencies: ["UnderstudyCore", "TestSupport"],
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyConfigTests",
            dependencies: ["UnderstudyConfig", "UnderstudyCore", "TestSupport"],
            exclude: ["Fixtures"],
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyHTTPTests",
            dependencies: ["UnderstudyHTTP", "UnderstudyCore", "TestSupport", nioCore, nioPosix, nioEmbedded],
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyProxyTests",
            dependencies: [
                "UnderstudyProxy", "UnderstudyHTTP", "UnderstudyCore", "TestSupport", nioCore, nioPosix, nioEmbedded,
                logging,
                theirs("NIOConcurrencyHelpers", "swift-nio"),
            ],
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyAdminTests",
            dependencies: ["UnderstudyAdmin", "UnderstudyHTTP", "UnderstudyCore", "TestSupport", nioCore, nioPosix],
            exclude: ["Fixtures"],
            swiftSettings: ours
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "understudy", "UnderstudyCore", "TestSupport", nioCore, logging,
                theirs("ArgumentParser", "swift-argument-parser"),
            ],
            swiftSettings: ours
        ),
    ],
    cxxLanguageStandard: .cxx17
)

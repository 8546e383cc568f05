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

/// Only the codec and the decisions, for sanitizers: protobuf and YAML, which take most of the time, are not built.
let isCodecOnly = Context.environment["UNDERSTUDY_CODEC_ONLY"] != nil

let nioCore = theirs("NIOCore", "swift-nio")
let nioPosix = theirs("NIOPosix", "swift-nio")
let nioEmbedded = theirs("NIOEmbedded", "swift-nio")
let nioTLS = theirs("NIOTLS", "swift-nio")
let nioSSL = theirs("NIOSSL", "swift-nio-ssl")
let x509 = theirs("X509", "swift-certificates")
let crypto = theirs("Crypto", "swift-crypto")
let asn1 = theirs("SwiftASN1", "swift-asn1")
/// What stands in the folders named TLS only, which sanitizers do without.
let tls = isCodecOnly ? [] : [nioSSL, x509, crypto, asn1]
let withoutTLS = isCodecOnly ? ["TLS"] : []
let logging = theirs("Logging", "swift-log")

/// What nothing can look up, and code that is there twice, is left out of the program: both would be resident.
let small = LinkerSetting.unsafeFlags(
    ["-use-ld=lld", "-Xlinker", "--no-export-dynamic", "-Xlinker", "--icf=safe"],
    .when(platforms: [.linux], configuration: .release)
)

let package = Package(
    name: "understudy",
    products: [
        .executable(name: "understudy", targets: ["understudy"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Its traits bring Foundation with all of its tables of languages, for streams of messages.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    ],
    targets: [
        // Floor 0: decides
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "CYAML", linkerSettings: [.linkedLibrary("yaml")]),
        .target(name: "CAllocator"),
        .target(name: "CEpoll"),
        .target(name: "EnvoyAPI", dependencies: [theirs("SwiftProtobuf", "swift-protobuf")]),
        .target(name: "UnderstudyCore", dependencies: ["CRE2"], swiftSettings: ours),

        // Floor 1: reads, speaks
        .target(
            name: "UnderstudyConfig",
            dependencies: ["CYAML", "UnderstudyCore", "EnvoyAPI", theirs("SwiftProtobuf", "swift-protobuf")],
            swiftSettings: ours
        ),
        .target(
            name: "UnderstudyHTTP",
            dependencies: ["CEpoll", "UnderstudyCore", nioCore, nioPosix, nioTLS] + tls,
            exclude: withoutTLS,
            swiftSettings: ours
        ),

        // Floor 2: serves
        .target(
            name: "UnderstudyProxy",
            dependencies: ["CAllocator", "UnderstudyCore", "UnderstudyHTTP", nioCore, nioPosix, logging],
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
            swiftSettings: ours,
            linkerSettings: [small]
        ),

        .target(
            name: "TestSupport",
            dependencies: ["UnderstudyCore", nioCore, nioPosix, nioTLS] + tls,
            path: "Tests/TestSupport",
            exclude: withoutTLS,
            swiftSettings: ours
        ),
        .target(
            name: "FuzzTargets",
            dependencies: ["UnderstudyCore", "UnderstudyHTTP", "TestSupport", nioCore],
            path: "Tests/FuzzTargets",
            swiftSettings: ours
        ),
        .target(
            name: "ConfigurationFuzzTargets",
            dependencies: ["FuzzTargets", "UnderstudyConfig", "UnderstudyCore", "TestSupport"],
            path: "Tests/ConfigurationFuzzTargets",
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyCoreTests",
            dependencies: ["UnderstudyCore", "TestSupport"],
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyConfigTests",
            dependencies: [
                "UnderstudyConfig", "UnderstudyCore", "TestSupport", "FuzzTargets", "ConfigurationFuzzTargets",
            ],
            exclude: ["Fixtures"],
            swiftSettings: ours
        ),
        .testTarget(
            name: "UnderstudyHTTPTests",
            dependencies: [
                "UnderstudyHTTP", "UnderstudyCore", "TestSupport", "FuzzTargets", nioCore, nioPosix, nioEmbedded,
                nioTLS,
            ] + tls,
            exclude: withoutTLS,
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

// libFuzzer brings `main`, so this links with its sanitizer only.
if Context.environment["UNDERSTUDY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzzer",
            dependencies: isCodecOnly ? ["FuzzTargets"] : ["FuzzTargets", "ConfigurationFuzzTargets"],
            path: "Tests/Fuzzer",
            swiftSettings: ours + (isCodecOnly ? [.define("CODEC_ONLY")] : [])
        )
    )
}

if isCodecOnly {
    let kept: Set = [
        "CEpoll", "CRE2", "UnderstudyCore", "UnderstudyHTTP", "TestSupport", "FuzzTargets", "Fuzzer",
        "UnderstudyCoreTests", "UnderstudyHTTPTests",
    ]
    package.targets.removeAll { !kept.contains($0.name) }
    package.products.removeAll()
}

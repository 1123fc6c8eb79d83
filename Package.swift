// swift-tools-version: 6.2
import PackageDescription

// `make` and CI treat every warning as an error; someone building with a newer compiler gets warnings only.
let warningsAreErrors = Context.environment["SERIN_WARNINGS_AS_ERRORS"] != nil

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Lets `ByteBuffer` hand out a `Span` of its own bytes (swift-nio relies on the same flag).
    .enableExperimentalFeature("Lifetimes"),
] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

/// A module of the product; its allowed imports are exactly `dependencies` (the arrows of ARCHITECTURE.md).
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

/// `make fuzz` sets this: the sources of the smoke test then become a program of libFuzzer's in its place.
let isFuzzing = Context.environment["SERIN_FUZZ"] != nil
let fuzzed: [Target.Dependency] = [
    "Addressing", "Configuration", "Exchange", "FixedRandomness", "HTTP1", "Routing", "TLS", "Telemetry", "TestSupport",
]
let randomness = Target.target(name: "FixedRandomness", dependencies: ["COpenSSL"], path: "Tests/FuzzingTests/Randomness")
let fuzzing: [Target] = isFuzzing
    ? [
        randomness,
        .target(
            name: "FuzzTargets", dependencies: fuzzed, path: "Tests/FuzzingTests",
            exclude: ["Program", "Randomness", "FuzzingTests.swift"], swiftSettings: swiftSettings),
        .executableTarget(name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/FuzzingTests/Program"),
    ]
    : [randomness, tests("FuzzingTests", fuzzed, exclude: ["Driver", "Program", "Randomness"])]

let package = Package(
    name: "serin",
    products: [
        .executable(name: "serin", targets: ["serin"]),
        // A proxy in a process of one's own: see `Supervisor`.
        .library(name: "Server", targets: ["Server", "Exchange", "Routing", "Addressing"]),
        .library(name: "HTTP1", targets: ["HTTP1"]),
        .library(name: "Routing", targets: ["Routing"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CLinux"),
        .target(name: "CSessionMemory", dependencies: ["COpenSSL"]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // Pure: bytes and values in, values out.
        module("Addressing"),
        module("HTTP1"),
        module("Routing", ["Addressing", "CPCRE2"]),
        module("Telemetry"),
        module("Exchange", ["Addressing", "CZlib", "HTTP1", "Routing"]),

        // The kernel's side.
        module("Reactor", ["Addressing", "CLinux"]),
        module("TLS", ["Addressing", "COpenSSL", "CSessionMemory"]),

        // Files and YAML become a snapshot here, and nowhere else.
        module("Configuration", ["Addressing", "Exchange", "Routing", "TLS", .product(name: "Yams", package: "Yams")]),

        // Joins the two.
        module("Server", [
            "Addressing", "Exchange", "HTTP1", "Reactor", "Routing", "TLS", "Telemetry",
            .product(name: "Logging", package: "swift-log"),
        ]),

        // The command.
        .executableTarget(
            name: "serin",
            dependencies: [
                "Addressing", "Configuration", "Exchange", "HTTP1", "Routing", "Server", "Telemetry",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),

        // What several of the tests need; part of no product.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
        .target(name: "TestCertificates", path: "Tests/TestCertificates", swiftSettings: swiftSettings),
        tests("AddressingTests", ["Addressing", "TestSupport"]),
        tests("HTTP1Tests", ["HTTP1"]),
        tests("RoutingTests", ["Addressing", "Routing", "TestSupport"]),
        tests("TelemetryTests", ["Telemetry"]),
        tests("TLSTests", ["COpenSSL", "TLS", "TestCertificates", "TestSupport"]),
        tests("ReactorTests", ["Addressing", "Reactor", "TestSupport"]),
        tests("ExchangeTests", ["Addressing", "CZlib", "Exchange", "HTTP1", "Routing", "TestSupport"]),
        tests("ServerTests", ["Addressing", "Exchange", "Reactor", "Routing", "Server", "TLS", "Telemetry",
            .product(name: "Logging", package: "swift-log")]),
        // They run the binary, so it is built before them.
        tests("EndToEndTests", ["TestCertificates", "TestSupport", "serin"]),
        tests(
            "ConfigurationTests",
            ["Addressing", "Configuration", "Exchange", "HTTP1", "Routing", "TLS", "TestCertificates", "TestSupport", .product(name: "Yams", package: "Yams")],
            exclude: ["Fixtures"]),
    ] + fuzzing
)

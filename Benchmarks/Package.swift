// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that building the product does not build benchmarks.
let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "serin", path: ".."),
    ],
    targets: [
        // Linked in, it replaces malloc and its kin for the whole program.
        .target(name: "MallocCount", path: "Load", exclude: ["origin.c", "relay.c", "wrk.lua"], sources: ["malloccount.c"]),
        .executableTarget(
            name: "Micro",
            dependencies: [
                "MallocCount",
                .product(name: "HTTP1", package: "serin"),
                .product(name: "Routing", package: "serin"),
            ],
            path: "Micro",
            swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety()],
            // Routing rounds numbers, which the C library has a library of its own for.
            linkerSettings: [.linkedLibrary("m")]),
    ]
)

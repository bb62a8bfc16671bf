// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Settings of every Swift target of ours: the strictest that the language offers.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// Targets stand in the order of their floors: a target imports only targets above it in this list.
// `PackageTests` checks this against ARCHITECTURE.md.
let package = Package(
    name: "hawser",
    products: [
        .library(name: "FuzzTargets", targets: ["FuzzTargets"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    ],
    targets: [
        .systemLibrary(name: "CFuse", pkgConfig: "fuse3"),
        .systemLibrary(
            name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "Wire", swiftSettings: settings),
        .target(name: "JSON", swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
        .testTarget(name: "PackageTests", swiftSettings: settings),
        .testTarget(name: "WireTests", dependencies: ["Wire"], swiftSettings: settings),
        .target(name: "SSHCrypto", dependencies: ["CLibCrypto", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "SSHCryptoTests", dependencies: ["SSHCrypto", "Wire"], swiftSettings: settings),
        .target(name: "Compression", dependencies: ["CZlib", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "CompressionTests", dependencies: ["Compression", "Wire"],
            swiftSettings: settings),
        .target(
            name: "SSHProtocol", dependencies: ["Compression", "SSHCrypto", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "SSHProtocolTests", dependencies: ["SSHCrypto", "SSHProtocol", "Wire"],
            swiftSettings: settings),
        .target(name: "SFTPProtocol", dependencies: ["Wire"], swiftSettings: settings),
        .testTarget(
            name: "SFTPProtocolTests", dependencies: ["SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .target(
            name: "SSHConfig", dependencies: ["SSHCrypto", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "SSHConfigTests", dependencies: ["SSHConfig", "SSHCrypto", "Wire"],
            swiftSettings: settings),
        .target(name: "MountOptions", swiftSettings: settings),
        .testTarget(
            name: "MountOptionsTests", dependencies: ["MountOptions"], swiftSettings: settings),
        .target(name: "EventLoop", dependencies: ["CLinux", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "EventLoopTests", dependencies: ["EventLoop", "Wire"], swiftSettings: settings),
        .target(
            name: "LocalFiles", dependencies: ["CLinux", "SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "LocalFilesTests",
            dependencies: ["EventLoop", "LocalFiles", "SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .target(
            name: "PostQuantum",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"), "SSHCrypto", "Wire",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PostQuantumTests",
            dependencies: ["PostQuantum", "SSHCrypto", "SSHProtocol", "Wire"],
            swiftSettings: settings),
        .target(
            name: "SFTPServer",
            dependencies: ["EventLoop", "JSON", "LocalFiles", "SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .target(
            name: "SSHClient",
            dependencies: [
                "CLinux", "EventLoop", "LocalFiles", "SSHConfig", "SSHCrypto", "SSHProtocol",
                "Wire",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SSHClientTests",
            dependencies: [
                "EventLoop", "LocalSFTPServer", "SSHClient", "SSHConfig",
                "SSHCrypto",
                "SSHProtocol",
                "Wire",
            ],
            swiftSettings: settings),
        .target(
            name: "SFTPClient", dependencies: ["EventLoop", "SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .target(
            name: "MountControl", dependencies: ["EventLoop", "Wire"], swiftSettings: settings),
        .testTarget(
            name: "MountControlTests",
            dependencies: ["EventLoop", "LocalSFTPServer", "MountControl", "Wire"],
            swiftSettings: settings),
        .target(
            name: "LocalSFTPServer", dependencies: ["EventLoop"], path: "Tests/LocalSFTPServer",
            swiftSettings: settings),
        .testTarget(
            name: "SFTPClientTests",
            dependencies: ["EventLoop", "LocalSFTPServer", "SFTPClient", "SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .target(
            name: "SSHServer",
            dependencies: [
                "CCrypt", "EventLoop", "LocalFiles", "SFTPProtocol", "SFTPServer", "SSHConfig",
                "SSHCrypto",
                "SSHProtocol", "Wire",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SSHServerTests",
            dependencies: [
                "EventLoop", "LocalFiles", "SFTPProtocol", "SFTPServer", "SSHCrypto", "SSHProtocol",
                "SSHServer", "Wire",
            ],
            swiftSettings: settings),
        .target(
            name: "RemoteFS", dependencies: ["EventLoop", "SFTPClient", "SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "RemoteFSTests",
            dependencies: [
                "EventLoop", "RemoteFS", "SFTPClient", "SFTPProtocol", "SFTPServer", "Wire",
            ],
            swiftSettings: settings),
        .target(
            name: "CopyEngine",
            dependencies: ["EventLoop", "LocalFiles", "SFTPClient", "SFTPProtocol", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "CopyEngineTests",
            dependencies: [
                "CopyEngine", "EventLoop", "LocalFiles", "LocalSFTPServer", "SFTPClient",
                "SFTPProtocol", "SFTPServer", "Wire",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "EventLoop", "RemoteFS", "SFTPClient", "SFTPProtocol", "SSHClient", "SSHConfig",
                "SSHCrypto", "SSHProtocol", "Wire",
            ],
            swiftSettings: settings),
        .target(
            name: "FuseBridge",
            dependencies: [
                "CFuse", "CLinux", "EventLoop", "RemoteFS", "SFTPClient", "SFTPProtocol",
                "Wire",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "FuseBridgeTests",
            dependencies: [
                "EventLoop", "FuseBridge", "LocalSFTPServer", "RemoteFS", "SFTPClient",
                "SFTPProtocol", "Wire",
            ],
            swiftSettings: settings),
        // What the fuzzers run, and `swift test` too; Tests/Fuzz builds it with libFuzzer.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "EventLoop", "SFTPClient", "SFTPProtocol", "SFTPServer", "SSHConfig", "SSHCrypto",
                "SSHClient", "SSHProtocol", "Wire",
            ],
            path: "Tests/FuzzTargets", swiftSettings: settings),
        .testTarget(
            name: "FuzzRegressionTests", dependencies: ["FuzzTargets", "Wire"],
            swiftSettings: settings),
        .executableTarget(
            name: "hawser-sftp-server",
            dependencies: ["CLinux", "EventLoop", "LocalFiles", "SFTPServer", "Wire"],
            swiftSettings: settings),
        .testTarget(
            name: "SFTPServerTests",
            dependencies: [
                "EventLoop", "SFTPProtocol", "SFTPServer", "Wire", "hawser-sftp-server",
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "hawser",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"), "CLinux",
                "CopyEngine", "EventLoop", "FuseBridge", "JSON", "LocalFiles", "MountControl",
                "MountOptions", "PostQuantum", "RemoteFS", "SFTPClient", "SFTPProtocol",
                "SFTPServer", "SSHClient", "SSHConfig", "SSHCrypto", "SSHProtocol", "SSHServer",
                "Wire",
            ],
            swiftSettings: settings),
        // What Benchmarks/micro runs.
        .executableTarget(
            name: "hawser-micro", dependencies: ["EventLoop", "SFTPProtocol", "SSHCrypto", "Wire"],
            path: "Benchmarks/Micro", exclude: ["allocations.c"], swiftSettings: settings),
        .testTarget(
            name: "HawserTests",
            dependencies: [
                .product(name: "ArgumentParser", package: "swift-argument-parser"), "EventLoop",
                "LocalSFTPServer", "MountOptions", "RemoteFS", "SFTPClient", "SSHClient",
                "SSHConfig", "SSHCrypto", "SSHProtocol", "hawser",
            ],
            swiftSettings: settings),
    ]
)

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// A package of its own, since it links only together with libFuzzer. `Integration/suites/fuzz` builds it.
let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "hawser", path: "../..")],
    targets: [
        .systemLibrary(name: "CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: ["CLibFuzzer", .product(name: "FuzzTargets", package: "hawser")]),
    ]
)

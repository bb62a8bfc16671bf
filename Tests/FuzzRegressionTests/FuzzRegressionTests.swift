// SPDX-License-Identifier: Apache-2.0

import FuzzTargets
import Glibc
import Testing
import Wire

/// What the fuzzers start from, and what they once crashed on, run through their targets.
@Suite struct FuzzRegressionTests {
    @Test(arguments: FuzzTarget.all.map(\.name))
    func takesSeedsWholeCutShortAndWithEachByteChanged(_ name: String) throws {
        let target = try target(name)
        let seeds = target.seeds()
        #expect(!seeds.isEmpty)
        for seed in seeds {
            target.run(seed[...])
            for index in seed.indices.prefix(seed.count < 1_000 ? 200 : 0) {
                target.run(seed[..<index])
                var changed = seed
                changed[index] ^= 0xFF
                target.run(changed[...])
            }
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func survivesWhatOnceCrashed(_ name: String) throws {
        let target = try target(name)
        for file in try files(in: regressions + "/" + name) { target.run(file[...]) }
    }

    @Test func everyRegressionBelongsToATarget() throws {
        let names = try names(in: regressions).filter { !$0.hasSuffix(".md") }
        #expect(Set(names).isSubset(of: FuzzTarget.all.map(\.name)))
    }

    private func target(_ name: String) throws -> FuzzTarget {
        try #require(FuzzTarget.all.first { $0.name == name })
    }
}

/// Where crash files are kept, in one folder for each target.
private let regressions: String = {
    let parts = #filePath.split(separator: "/").dropLast(2)
    return "/" + parts.joined(separator: "/") + "/Fuzz/Regressions"
}()

private func files(in folder: String) throws -> [[UInt8]] {
    try names(in: folder).map { try contents(of: folder + "/" + $0) }
}

/// The names in a folder; none if it isn't there.
private func names(in folder: String) throws -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
            unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                unsafe String(cString: $0)
            }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

private func contents(of path: String) throws -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else { throw CannotOpen(path: path) }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    while true {
        let byte = unsafe fgetc(file)
        if byte == EOF { return bytes }
        bytes.append(UInt8(truncatingIfNeeded: byte))
    }
}

private struct CannotOpen: Error { let path: String }

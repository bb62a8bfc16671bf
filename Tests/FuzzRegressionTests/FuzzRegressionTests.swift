// SPDX-License-Identifier: Apache-2.0

import FuzzTargets
import Glibc
import Testing
import Wire

/// What the fuzzers start from, and what they once crashed on, run through their targets.
@Suite struct FuzzRegressionTests {
    @Test(arguments: FuzzTarget.pure.map(\.name))
    func takesSeedsAndBrokenSeeds(_ name: String) throws {
        let target = try #require(FuzzTarget.pure.first { $0.name == name })
        #expect(!target.seeds().isEmpty)
        tryBrokenSeeds(of: target)
    }

    @Test(arguments: FuzzTarget.pure.map(\.name))
    func survivesWhatOnceCrashed(_ name: String) throws {
        let target = try #require(FuzzTarget.pure.first { $0.name == name })
        for input in try regressions(of: name) { target.run(input[...]) }
    }

    /// In a process of its own, since a process does not get out of a jail again.
    @Test(.enabled(if: geteuid() == 0, "only root can make a jail"))
    func jailedTargetsTakeAllThatToo() async throws {
        let folder = try makeFolder()
        defer { for path in [folder + "/jail", folder] { unsafe rmdir(path) } }
        await #expect(processExitsWith: .success) { [folder = folder as String] in
            let inputs = try FuzzTarget.jailed.map { try regressions(of: $0.name) }
            try #require(Jail.enter(folder))
            for (target, inputs) in zip(FuzzTarget.jailed, inputs) {
                tryBrokenSeeds(of: target)
                for input in inputs { target.run(input[...]) }
            }
        }
    }

    @Test func everyRegressionBelongsToATarget() throws {
        let names = try names(in: regressionsFolder).filter { !$0.hasSuffix(".md") }
        #expect(Set(names).isSubset(of: (FuzzTarget.pure + FuzzTarget.jailed).map(\.name)))
    }
}

/// Seeds as they are; then cut short, and with a byte changed, at places spread over all of them.
private func tryBrokenSeeds(of target: FuzzTarget) {
    let seeds = target.seeds()
    for seed in seeds { target.run(seed[...]) }
    let places = seeds.filter { $0.count < 2_000 }.flatMap { seed in
        seed.indices.map { (seed, $0) }
    }
    // As many as take a few seconds in a debug build; the fuzzers do the rest.
    for place in stride(from: 0, to: places.count, by: max(1, places.count / 300)) {
        var (seed, index) = places[place]
        target.run(seed[..<index])
        seed[index] ^= 0xFF
        target.run(seed[...])
    }
}

/// Where crash files are kept, in one folder for each target.
private let regressionsFolder: String = {
    let parts = #filePath.split(separator: "/").dropLast(2)
    return "/" + parts.joined(separator: "/") + "/Fuzz/Regressions"
}()

private func regressions(of target: String) throws -> [[UInt8]] {
    let folder = regressionsFolder + "/" + target
    return try names(in: folder).map { try contents(of: folder + "/" + $0) }
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

private func makeFolder() throws -> String {
    var template = Array("/var/tmp/hawser-fuzz.XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw CannotOpen(path: "a temporary folder") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

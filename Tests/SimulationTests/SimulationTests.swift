// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

/// The whole client against the whole server core over a network that breaks, seed by seed.
///
/// `SIMULATION_SEEDS=17` replays the run of one seed, `100..<200` makes those of several.
@Suite struct SimulationTests {
    private static let seeds: Range<UInt64> = {
        guard let value = unsafe getenv("SIMULATION_SEEDS") else { return 1..<201 }
        let parts = unsafe String(cString: value).split(separator: "..<").compactMap { UInt64($0) }
        guard let first = parts.first, let last = parts.last else { return 1..<201 }
        return first..<(parts.count == 1 ? first + 1 : max(last, first + 1))
    }()

    @Test func nothingIsLostAndNobodyIsLiedTo() throws {
        for seed in Self.seeds {
            let run = SimulatedRun(seed: seed)
            try run.run()
            let isReplay = Self.seeds.count == 1
            if isReplay { for line in run.trace.lines { print(line) } }
            #expect(
                run.trace.violations.isEmpty,
                """
                seed \(seed): \(run.trace.violations.joined(separator: "; "))
                Again: SIMULATION_SEEDS=\(seed) swift test --filter SimulationTests
                """)
        }
    }

    @Test(arguments: [UInt64(3), 4]) func aRunIsTheSameEachTime(seed: UInt64) throws {
        #expect(try Self.hash(of: seed) == Self.hash(of: seed))
    }

    /// Nothing depends on what differs between processes, such as the order of a dictionary.
    @Test func aRunIsTheSameInAnotherProcess() async throws {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardOutputContent]
        ) {
            print("hash", try SimulationTests.hash(of: 5))
        }
        let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        let hash = try Self.hash(of: 5)
        #expect(output.contains("hash \(hash)\n"))
    }

    private static func hash(of seed: UInt64) throws -> UInt64 {
        let run = SimulatedRun(seed: seed)
        try run.run()
        return run.trace.hash
    }
}

// SPDX-License-Identifier: Apache-2.0

import SSHProtocol
import Synchronization

/// The same numbers for the same seed (SplitMix64), for everything in a run that is left to chance.
final class SeededNumbers: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) { state = Mutex(seed &* 0x2545_F491_4F6C_DD1D &+ 1) }

    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// A number from 0 up to, but not including, a limit.
    func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// Whether what happens once in so many times happens now; never for 0.
    func oneIn(_ times: Int) -> Bool { times > 0 && below(times) == 0 }

    func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Another series, so that what one part draws does not move what another does.
    func branch() -> SeededNumbers { SeededNumbers(seed: next()) }

    /// What SSH draws from.
    var source: RandomSource { { [self] in bytes($0) } }
}

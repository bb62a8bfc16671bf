// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What has happened in a run, in order: kept as text, and told from other runs by a hash.
final class Trace: Sendable {
    private struct State {
        var lines: [String] = []
        var violations: [String] = []
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    }
    private let state = Mutex(State())

    var hash: UInt64 { state.withLock(\.hash) }
    var lines: [String] { state.withLock(\.lines) }
    var violations: [String] { state.withLock(\.violations) }

    func note(_ line: String) {
        state.withLock { state in
            state.lines.append(line)
            for byte in line.utf8 { state.hash = (state.hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
    }

    /// Takes note of what must never happen.
    func violation(_ what: String) {
        note("VIOLATION: \(what)")
        state.withLock { $0.violations.append(what) }
    }
}

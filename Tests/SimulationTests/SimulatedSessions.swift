// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol
import Wire

/// The sessions of a server that can end older ones (Docs/PROTOCOL.md); it belongs to the loop's thread.
final class SimulatedSessions: @unchecked Sendable {
    private static let place = Array("here".utf8)[...]

    private var running: [Bytes: () -> Void] = [:]
    private var lastNumber: UInt32 = 0

    /// The next session's number.
    func nextNumber() -> UInt32 {
        lastNumber += 1
        return lastNumber
    }

    /// Begins a session, once those that are named have ended.
    ///
    /// - Parameter end: ends it.
    func begin(_ request: SessionRequest, end: @escaping () -> Void) -> SessionAnswer {
        for session in request.older { running.removeValue(forKey: session.name)?() }
        running[request.name] = end
        return SessionAnswer(
            place: Self.place,
            olderHaveEnded: request.older.allSatisfy { $0.place == Self.place })
    }
}

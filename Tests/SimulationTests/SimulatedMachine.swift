// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import SSHClient
import SSHConfig
import SSHCrypto
import SSHProtocol
import Synchronization
import Wire

/// The client's machine: its one file is known_hosts, and its one server is behind the network.
final class SimulatedMachine: ClientWorld {
    private let network: SimulatedNetwork
    private let numbers: SeededNumbers
    private let knownHosts = Mutex<[UInt8]>([])
    private let sessions = Mutex(SessionHistory())
    /// What is known of the server's further channels.
    let furtherChannels = FurtherChannels.Memory()
    let furtherSessions = FurtherSessions.Memory()

    let environment: [String: String] = [:]
    /// The first of June 2026.
    let secondsSince1970: UInt64 = 1_780_272_000

    init(_ network: SimulatedNetwork, _ numbers: SeededNumbers) {
        self.network = network
        self.numbers = numbers
    }

    var random: RandomSource { numbers.source }

    /// What to tell the server of the session that is to begin.
    func nextSession() -> SFTPProtocol.SessionRequest {
        let name = numbers.bytes(SessionExtension.nameBytes)
        return sessions.withLock { $0.next(name: name[...]) }
    }

    /// What to tell the server of a session that is to run beside others.
    func furtherSession() -> SFTPProtocol.SessionRequest {
        SFTPProtocol.SessionRequest(name: numbers.bytes(SessionExtension.nameBytes)[...])
    }

    /// Takes note of what the server has said of a session that has begun.
    func note(_ answer: SessionAnswer?, to request: SFTPProtocol.SessionRequest) {
        sessions.withLock { $0.note(answer, to: request) }
    }

    func dial(_ request: DialRequest) async throws -> DialedConnection {
        DialedConnection(channel: try await network.dial())
    }

    func connectAgent(_ path: String) async throws -> any ByteChannel {
        throw SystemError(call: "connect", code: 2)
    }

    func readFile(_ path: String, limit: Int) throws(FileProblem) -> FileContent? {
        path.hasSuffix("/known_hosts") ? FileContent(bytes: knownHosts.withLock(\.self)) : nil
    }

    func readFile(
        _ path: String, pieces body: (Bytes) throws(FileProblem) -> Void
    ) throws(FileProblem) -> Bool {
        guard path.hasSuffix("/known_hosts") else { return false }
        try body(knownHosts.withLock(\.self)[...])
        return true
    }

    func appendLine(_ line: String, to path: String) throws(FileProblem) {
        knownHosts.withLock { $0 += Array("\(line)\n".utf8) }
    }

    func replaceFile(_ path: String, _ content: [UInt8]) throws(FileProblem) {
        throw FileProblem("nothing is replaced here")
    }

    func output(of command: CommandRequest) async throws -> [UInt8] {
        throw CommandError.notStarted("there are no programs here")
    }

    func fingerprintsInDNS(of host: String) async throws -> SSHFPRecords {
        throw LookupError("there is no DNS here")
    }
}

/// A user who knows the password.
struct SimulatedUser: Prompter {
    func answer(to question: Question) async -> Secret? { Secret(copying: "p".utf8) }
    func show(_ message: String, level: LogLevel) {}
}

// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import SSHConfig
import SSHProtocol
import Wire

/// The system's own world, of which a test replaces a part.
protocol WrappedWorld: ClientWorld {
    var system: SystemWorld { get }
}

extension WrappedWorld {
    func dial(_ request: DialRequest) async throws -> DialedConnection {
        try await system.dial(request)
    }

    func connectAgent(_ path: String) async throws -> any ByteChannel {
        try await system.connectAgent(path)
    }

    func readFile(_ path: String, limit: Int) throws(FileProblem) -> FileContent? {
        try system.readFile(path, limit: limit)
    }

    func readFile(
        _ path: String, pieces body: (Bytes) throws(FileProblem) -> Void
    ) throws(FileProblem) -> Bool {
        try system.readFile(path, pieces: body)
    }

    func output(of command: CommandRequest) async throws -> [UInt8] {
        try await system.output(of: command)
    }

    func fingerprintsInDNS(of host: String) async throws -> SSHFPRecords {
        try await system.fingerprintsInDNS(of: host)
    }

    func appendLine(_ line: String, to path: String) throws(FileProblem) {
        try system.appendLine(line, to: path)
    }

    func replaceFile(_ path: String, _ content: [UInt8]) throws(FileProblem) {
        try system.replaceFile(path, content)
    }

    var secondsSince1970: UInt64 { system.secondsSince1970 }
    var random: RandomSource { system.random }
    var environment: [String: String] { system.environment }
}

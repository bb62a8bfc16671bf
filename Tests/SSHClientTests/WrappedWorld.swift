// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHClient
import SSHProtocol

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

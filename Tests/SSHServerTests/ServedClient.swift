// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalFiles
import SFTPProtocol
import SFTPServer
import SSHCrypto
import SSHProtocol
import Synchronization
import Testing
import Wire

@testable import SSHServer

/// A server's settings with one key that lets in, the file of which goes with its object.
final class Setup: Sendable {
    let userKey: PrivateKey
    let settings: ServerSettings
    private let authorizedKeys: String
    private let lines = Lines()

    private final class Lines: Sendable {
        let value = Mutex<[String]>([])
    }

    init() throws {
        var template = Array("/var/tmp/hawser-keys.XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&template)
        try #require(descriptor >= 0)
        Glibc.close(descriptor)
        authorizedKeys = String(
            decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let userKey = try Self.key()
        self.userKey = userKey
        let path = Array(authorizedKeys.utf8)[...]
        let line = "ssh-ed25519 \(Base64.encode(userKey.publicKey.blob))\n"
        try LocalFile(opening: path, flags: .write, permissions: 0)
            .write([Array(line.utf8)[...]], at: 0)
        let lines = lines
        settings = ServerSettings(
            ssh: SSHServerConfiguration(
                hostKeys: [try Self.key()], authentication: .init(methods: [.publicKey])),
            login: LoginRules(userName: Array("me".utf8)[...], authorizedKeys: path),
            log: ServerLog(level: .info) { _, line in lines.value.withLock { $0.append(line) } }
        )
    }

    var log: [String] { lines.value.withLock { $0 } }

    static func key() throws -> PrivateKey {
        try PrivateKey.makeEd25519(
            seed: SecureRandom.secret(PrivateKey.ed25519SeedBytes), comment: "")
    }

    deinit { _ = unsafe unlink(authorizedKeys) }
}

/// A connection that is served, and its client.
struct ServedClient {
    let loop = SimulatedLoop()
    let connection: ServerConnection
    let client: MemoryClient
    let ending = Ending()

    final class Ending: Sendable {
        let value = Mutex<Admission.Ending?>(nil)
    }

    init(
        _ setup: Setup, user: String = "me", key: PrivateKey?,
        stopsAt stop: MemoryClient.Step = .never
    ) {
        let loop = loop
        let (near, far) = InMemoryPipe.makePair(loop: loop)
        let connection = ServerConnection(
            setup.settings, near,
            from: ClientAddress(text: "192.0.2.7", bytes: [192, 0, 2, 7], port: 4711),
            loop: loop)
        self.connection = connection
        let ending = ending
        loop.spawn {
            let value = await connection.serve()
            ending.value.withLock { $0 = value }
        }
        client = MemoryClient(loop, far, user: user, key: key, stopsAt: stop)
        loop.runUntilIdle()
    }

    var ended: Admission.Ending? { ending.value.withLock { $0 } }
    func client<T: Sendable>(_ body: @Sendable (isolated MemoryClient) -> T) -> T {
        client.assumeIsolated(body)
    }
}

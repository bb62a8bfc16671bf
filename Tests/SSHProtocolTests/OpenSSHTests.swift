// SPDX-License-Identifier: Apache-2.0

import Glibc
import SSHCrypto
import SSHProtocol
import Testing
import Wire

/// Our client against OpenSSH's server, with every algorithm pinned on both ends.
@Suite(.enabled(if: unsafe access(OpenSSHServer.program, X_OK) == 0), .serialized)
struct OpenSSHTests {
    struct Choice: CustomTestStringConvertible, Sendable {
        var keyExchange = KeyAgreementAlgorithm.curve25519
        var hostKey = PublicKeyAlgorithm.ed25519
        var cipher = CipherAlgorithm.aes128GCM
        var mac: MACAlgorithm?
        var compression = CompressionAlgorithm.none

        var testDescription: String {
            [
                keyExchange.rawValue, hostKey.rawValue, cipher.rawValue, mac?.rawValue ?? "-",
                compression.rawValue,
            ].joined(separator: " ")
        }

        var preferences: AlgorithmPreferences {
            AlgorithmPreferences(
                keyExchange: [keyExchange], hostKey: [hostKey], ciphers: [cipher],
                macs: mac.map { [$0] } ?? [.hmacSHA256], compression: [compression])
        }

        var serverOptions: [String] {
            [
                "KexAlgorithms \(keyExchange.rawValue)", "HostKeyAlgorithms \(hostKey.rawValue)",
                "Ciphers \(cipher.rawValue)",
                "MACs \(mac?.rawValue ?? MACAlgorithm.hmacSHA256.rawValue)",
                "Compression \(compression == .none ? "no" : "yes")",
            ]
        }

        var serverKey: String {
            TestKeys.texts[hostKey.signature.keyType] ?? ""
        }
    }

    /// Every key exchange method, every host key algorithm, then every cipher and MAC with every
    /// compression method.
    static let choices: [Choice] = {
        var choices: [Choice] = []
        for keyExchange in ourMethods { choices.append(Choice(keyExchange: keyExchange)) }
        for hostKey in hostKeyAlgorithms { choices.append(Choice(hostKey: hostKey)) }
        for cipher in CipherAlgorithm.allCases {
            for mac in cipher.isAEAD ? [nil] : MACAlgorithm.allCases.map(Optional.some) {
                for compression in CompressionAlgorithm.allCases {
                    choices.append(Choice(cipher: cipher, mac: mac, compression: compression))
                }
            }
        }
        return choices
    }()

    /// Logs in, asks an SFTP server for its version, and has 150 KB echoed while both sides make
    /// new keys all the time.
    @Test(arguments: choices) func completesASession(_ choice: Choice) throws {
        let server = try OpenSSHServer(
            hostKey: choice.serverKey, options: choice.serverOptions + ["RekeyLimit 40K"])
        var client = LiveClient(
            SSHClientConfiguration(
                user: OpenSSHServer.userName, algorithms: choice.preferences,
                rekey: RekeyLimits(bytes: 60_000)),
            server: server)
        try client.logIn()
        let negotiated = client.connection.negotiatedAlgorithms
        let algorithms = try #require(negotiated)
        #expect(algorithms.keyExchange == choice.keyExchange)
        #expect(algorithms.hostKey == choice.hostKey)
        for direction in [algorithms.clientToServer, algorithms.serverToClient] {
            #expect(direction.cipher == choice.cipher)
            #expect(direction.mac == choice.mac)
            #expect(direction.compression == choice.compression)
        }
        try askForVersion(&client)
        try echo(&client, count: 150_000)
        #expect(try server.logCount(of: "SSH2_MSG_NEWKEYS received") >= 3)
    }

    private func askForVersion(_ client: inout LiveClient) throws {
        let id = try client.open(.subsystem(name: "sftp"))
        client.connection.send([[0, 0, 0, 5, 1, 0, 0, 0, 3]], on: id)
        let reply = try client.wait(for: "VERSION") { _, event -> Bytes? in
            if case .channel(id, .data(let data)) = event { data } else { nil }
        }
        #expect(reply.dropFirst(4).first == 2)
        client.connection.consumed(reply.count, on: id)
        client.connection.close(id, discardingUnsentData: false)
        try client.wait(for: "the end of the subsystem") { _, event -> Void? in
            if case .channel(id, .closed) = event { () } else { nil }
        }
    }

    private func echo(_ client: inout LiveClient, count: Int) throws {
        let id = try client.open(.exec(command: "exec cat"))
        // Half of it compressible.
        let sent =
            SeededRandom(seed: 5).bytes(count / 2) + [UInt8](repeating: 0x61, count: count / 2)
        for start in stride(from: 0, to: count, by: 10_000) {
            client.connection.send([sent[start..<min(start + 10_000, count)]], on: id)
        }
        client.connection.sendEndOfData(on: id)
        var received: [UInt8] = []
        var status: UInt32?
        try client.wait(for: "the echo") { connection, event -> Void? in
            switch event {
            case .channel(id, .data(let data)):
                received += data
                connection.consumed(data.count, on: id)
            case .channel(id, .exitStatus(let code)): status = code
            case .channel(id, .closed): return ()
            default: break
            }
            return nil
        }
        #expect(received == sent)
        #expect(status == 0)
    }
}

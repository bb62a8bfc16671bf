// SPDX-License-Identifier: Apache-2.0

import Glibc
import SSHCrypto
import SSHProtocol
import Testing
import Wire

/// Our server against OpenSSH's client, with every algorithm pinned on both ends.
@Suite(.enabled(if: unsafe access(OpenSSHClient.program, X_OK) == 0), .serialized)
struct OpenSSHClientTests {
    /// A server on a socket, for a test that may wait.
    private struct LiveServer: ~Copyable {
        var connection: SSHServerConnection
        let client: OpenSSHClient
        var failure: SSHError?
        private var unsent: [UInt8] = []

        init(_ configuration: SSHServerConfiguration, client: OpenSSHClient) {
            self.client = client
            connection = SSHServerConnection(
                configuration: configuration, now: .zero, random: SecureRandom.bytes)
        }

        /// Runs the connection to its end.
        mutating func run(_ react: (inout SSHServerConnection, SSHServerEvent) -> Void) -> SSHError?
        {
            while true {
                while let event = connection.nextEvent() {
                    if case .disconnected(let error) = event { return error }
                    react(&connection, event)
                }
                if unsent.isEmpty { unsent = connection.takeOutput(maximum: 65_536, now: .zero) }
                var poller = pollfd(
                    fd: client.socket,
                    events: Int16(POLLIN | (unsent.isEmpty ? 0 : POLLOUT)), revents: 0)
                guard unsafe poll(&poller, 1, 60_000) > 0 else { return nil }
                if poller.revents & Int16(POLLOUT) != 0 { sendSome() }
                if poller.revents & Int16(POLLIN | POLLHUP) != 0 { receiveSome() }
            }
        }

        private mutating func sendSome() {
            let count = unsafe unsent.withUnsafeBytes {
                unsafe send(client.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            unsent.removeFirst(max(0, count))
        }

        private mutating func receiveSome() {
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = unsafe max(0, read(client.socket, buffer.baseAddress, buffer.count))
            }
            if bytes.isEmpty {
                connection.receiveEnd(now: .zero)
            } else {
                connection.receive(bytes[...], now: .zero)
            }
        }
    }

    private func clientOptions(_ choice: OpenSSHTests.Choice) -> [String] {
        [
            "KexAlgorithms=\(choice.keyExchange.rawValue)",
            "HostKeyAlgorithms=\(choice.hostKey.rawValue)", "Ciphers=\(choice.cipher.rawValue)",
            "MACs=\(choice.mac?.rawValue ?? MACAlgorithm.hmacSHA256.rawValue)",
            "Compression=\(choice.compression == .none ? "no" : "yes")", "RekeyLimit=40K",
        ]
    }

    /// Lets the client in by its key, and answers a command with 150 KB and an exit status.
    @Test(arguments: OpenSSHTests.choices)
    func servesASession(_ choice: OpenSSHTests.Choice) throws {
        let sent =
            SeededRandom(seed: 3).bytes(75_000) + [UInt8](repeating: 0x62, count: 75_000)
        let client = try OpenSSHClient(command: "give", options: clientOptions(choice))
        var server = LiveServer(
            SSHServerConfiguration(
                hostKeys: TestKeys.hostKeys, algorithms: choice.preferences,
                rekey: RekeyLimits(bytes: 60_000)),
            client: client)
        var commands: [String] = []
        let end = server.run { connection, event in
            switch event {
            case .authenticationRequested(let attempt):
                switch attempt.method {
                case .publicKey(TestKeys.user.publicKey, _),
                    .publicKeyQuery(TestKeys.user.publicKey, _):
                    connection.acceptAuthentication()
                default: connection.rejectAuthentication()
                }
            case .sessionRequested(let id): connection.accept(id)
            case .request(let id, .exec(let command), wantsReply: true):
                commands.append(command)
                connection.answerRequest(on: id, isSuccess: true)
                connection.send([sent[..<10_000], sent[10_000...]], on: id)
                connection.sendExitStatus(7, on: id)
                connection.close(id, discardingUnsentData: false)
            case .request(let id, _, let wantsReply):
                if wantsReply { connection.answerRequest(on: id, isSuccess: false) }
            case .authenticated, .channel, .keepaliveAnswered, .disconnected: break
            }
        }
        let result = try client.finish()
        #expect(result.errors == "")
        #expect(result.output == sent)
        #expect(commands == ["give"])
        // ssh says goodbye, with the status of the command.
        #expect(result.status == 7)
        #expect(end?.code == .disconnectedByPeer(.byApplication))
    }
}

// SPDX-License-Identifier: Apache-2.0

import PostQuantum
import SSHCrypto
import SSHProtocol
import Testing
import Wire

/// A whole key exchange with ML-KEM between our client and our server, in memory.
@Suite struct ExchangeTests {
    private static let key = Result { () throws -> PrivateKey in
        // Made by ssh-keygen for this test, and for nothing else.
        let file = """
            -----BEGIN OPENSSH PRIVATE KEY-----
            b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
            QyNTUxOQAAACAdyzgl90hQRzR+D0+YPfxlAyBYILyQzX1gzidvydrcmgAAAIjR1jm60dY5
            ugAAAAtzc2gtZWQyNTUxOQAAACAdyzgl90hQRzR+D0+YPfxlAyBYILyQzX1gzidvydrcmg
            AAAECan3tadnZIo7DppQw7nAzqjIYTs99rmPvsnWO60i5PIx3LOCX3SFBHNH4PT5g9/GUD
            IFggvJDNfWDOJ2/J2tyaAAAAAAECAwQF
            -----END OPENSSH PRIVATE KEY-----
            """
        return try PrivateKeyFile(Array(file.utf8).span).privateKey()
    }

    /// What both agree on where the client brings ML-KEM or not, and the server does.
    private static func negotiated(client mlkem: MLKEM768?) throws -> KeyAgreementAlgorithm? {
        var client = SSHClientConnection(
            configuration: SSHClientConfiguration(user: "u", mlkem: mlkem), now: .zero
        ) { SecureRandom.bytes($0) }
        var server = SSHServerConnection(
            configuration: SSHServerConfiguration(
                hostKeys: [try key.get()], mlkem: .swiftCrypto), now: .zero
        ) { SecureRandom.bytes($0) }
        for _ in 0..<10 {
            server.receive(client.takeOutput(maximum: 1 << 16, now: .zero)[...], now: .zero)
            client.receive(server.takeOutput(maximum: 1 << 16, now: .zero)[...], now: .zero)
            while let event = client.nextEvent() {
                switch event {
                case .hostKeyVerificationRequired: client.acceptHostKey(now: .zero)
                case .authenticationRequired: return client.negotiatedAlgorithms?.keyExchange
                case .disconnected(let error): throw error
                default: break
                }
            }
        }
        return nil
    }

    @Test func theHybridMethodIsTheFirstThatBothHave() throws {
        #expect(try Self.negotiated(client: .swiftCrypto) == .mlkem768X25519)
    }

    @Test func withoutMLKEMItIsNotOffered() throws {
        #expect(try Self.negotiated(client: nil) == .curve25519)
    }
}

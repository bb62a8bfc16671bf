// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
import Wire

// Further host keys of the server's (OpenSSH's PROTOCOL, section 2.5).
extension SSHClientConnection {
    /// Asks the server to prove that it holds keys that it advertised;
    /// ``SSHClientEvent/hostKeysProved(_:)`` follows.
    ///
    /// - Precondition: the user is authenticated, and there is at least one key.
    public mutating func proveHostKeys(_ keys: [PublicKey]) {
        precondition(!keys.isEmpty, "no keys to be proved")
        withConnection { connection, outbox in
            connection.globalRequests.askForProof(of: keys, outbox: &outbox)
        }
    }

    /// Whether each signature is its key's, of this session.
    func areProved(_ keys: [PublicKey], by signatures: [Bytes]?) -> Bool {
        guard let signatures, signatures.count == keys.count, let sessionID else { return false }
        return zip(keys, signatures).allSatisfy { key, signature in
            var writer = WireWriter()
            writer.writeString(GlobalRequestName.proveHostKeys)
            writer.writeString(sessionID)
            writer.writeString(key.blob)
            // An RSA key may sign with either SHA-2; SHA-1 proves nothing any more.
            return key.type.signatureAlgorithms.filter { $0 != .rsaSHA1 }.contains { algorithm in
                key.verify(signature: signature, data: writer.bytes[...], algorithm: algorithm)
                    == .valid
            }
        }
    }
}

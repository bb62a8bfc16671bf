// SPDX-License-Identifier: Apache-2.0

import Crypto
public import SSHCrypto
import Wire

extension SSHCrypto.MLKEM768 {
    /// ML-KEM-768 by swift-crypto (BoringSSL).
    public static let swiftCrypto = SSHCrypto.MLKEM768(
        publicKey: { seed in
            do {
                return try Array(privateKey(seed).publicKey.rawRepresentation)
            } catch {
                preconditionFailure("swift-crypto refused a seed: \(error)")
            }
        },
        decapsulate: { ciphertext, seed in
            do {
                return secret(try privateKey(seed).decapsulate(Array(ciphertext)))
            } catch {
                return nil
            }
        },
        encapsulate: { publicKey in
            do {
                let key = try Crypto.MLKEM768.PublicKey(rawRepresentation: Array(publicKey))
                let result = try key.encapsulate()
                return Encapsulation(
                    ciphertext: Array(result.encapsulated), secret: secret(result.sharedSecret))
            } catch {
                return nil
            }
        })

    private static func privateKey(
        _ seed: borrowing SecretBytes
    ) throws -> Crypto.MLKEM768.PrivateKey {
        var bytes = seed.withSpan { seed in seed.indices.map { seed[$0] } }
        defer { wipe(&bytes) }
        return try Crypto.MLKEM768.PrivateKey(seedRepresentation: bytes, publicKey: nil)
    }

    private static func secret(_ key: SymmetricKey) -> SecretBytes {
        var bytes = unsafe key.withUnsafeBytes { unsafe Array($0) }
        defer { wipe(&bytes) }
        return SecretBytes(copying: bytes)
    }
}

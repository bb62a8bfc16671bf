// SPDX-License-Identifier: Apache-2.0

internal import SSHCrypto
public import Wire

extension KnownHosts {
    /// A line for a key that is to be remembered, without a newline.
    ///
    /// - Parameters:
    ///   - keyType: The key's type, as `ssh-ed25519`.
    ///   - blob: The public key blob.
    ///   - salt: ``hashByteCount`` fresh random bytes to hash the name with (`HashKnownHosts yes`);
    ///     nil to write it in clear.
    /// - Returns: Nil where the name cannot be written (``KnownHostName/canBeWritten``).
    /// - Precondition: the salt has ``hashByteCount`` bytes.
    public func line(keyType: String, blob: Bytes, salt: Bytes?) -> String? {
        guard name.canBeWritten else { return nil }
        guard let salt else { return "\(name.name) \(keyType) \(Base64.encode(blob))" }
        precondition(salt.count == Self.hashByteCount, "not a salt")
        let hash = HMAC.code(.sha1, key: salt, data: Array(name.name.utf8)[...])
        let hashed = "|1|\(Base64.encode(salt))|\(Base64.encode(hash))"
        return "\(hashed) \(keyType) \(Base64.encode(blob))"
    }
}

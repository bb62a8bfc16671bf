// SPDX-License-Identifier: Apache-2.0

internal import SSHCrypto
public import Wire

extension KnownHosts {
    /// A line for a key that is to be remembered, without a newline.
    ///
    /// - Parameters:
    ///   - keyType: The key's type, as `ssh-ed25519`.
    ///   - blob: The public key blob.
    ///   - address: The host's address, to stand beside its name; nil for the name alone.
    /// - Returns: Nil where a name cannot be written (``KnownHostName/canBeWritten``).
    public func line(keyType: String, blob: Bytes, address: KnownHostName? = nil) -> String? {
        guard name.canBeWritten, address?.canBeWritten ?? true else { return nil }
        let names = [name.name, address?.name].compactMap(\.self).joined(separator: ",")
        return "\(names) \(keyType) \(Base64.encode(blob))"
    }

    /// The same with the name hashed (`HashKnownHosts yes`); an address needs a line of its own.
    ///
    /// - Parameters:
    ///   - keyType: The key's type, as `ssh-ed25519`.
    ///   - blob: The public key blob.
    ///   - salt: ``hashByteCount`` fresh random bytes.
    /// - Precondition: the salt has ``hashByteCount`` bytes.
    public func hashedLine(keyType: String, blob: Bytes, salt: Bytes) -> String? {
        guard name.canBeWritten else { return nil }
        precondition(salt.count == Self.hashByteCount, "not a salt")
        let hash = HMAC.code(.sha1, key: salt, data: Array(name.name.utf8)[...])
        let hashed = "|1|\(Base64.encode(salt))|\(Base64.encode(hash))"
        return "\(hashed) \(keyType) \(Base64.encode(blob))"
    }
}

// SPDX-License-Identifier: Apache-2.0

/// The keys of one direction of a connection (RFC 4253 section 7.2), wiped when done with.
public struct PacketKeys: ~Copyable, Sendable {
    let initializationVector: SecretBytes
    let encryption: SecretBytes
    let mac: SecretBytes

    /// Takes over keys of exactly the lengths that the algorithms name; empty where they need none.
    public init(
        initializationVector: consuming SecretBytes, encryption: consuming SecretBytes,
        mac: consuming SecretBytes
    ) {
        self.initializationVector = initializationVector
        self.encryption = encryption
        self.mac = mac
    }
}

// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// The fingerprints of host keys that the DNS holds for a host (SSHFP, RFC 4255).
public struct SSHFPRecords: Equatable, Sendable {
    /// One fingerprint.
    public struct Record: Equatable, Sendable {
        /// The key's algorithm: 1 RSA, 3 ECDSA (RFC 6594), 4 Ed25519 (RFC 7479).
        public let algorithm: UInt8
        /// The hash: 1 SHA-1, 2 SHA-256 (RFC 6594).
        public let hash: UInt8
        /// The digest of the key's blob.
        public let digest: Bytes

        /// Describes a record.
        public init(algorithm: UInt8, hash: UInt8, digest: Bytes) {
            self.algorithm = algorithm
            self.hash = hash
            self.digest = digest
        }
    }

    /// The records, in the answer's order.
    public let records: [Record]
    /// Whether a name server that is trusted to say so has validated them with DNSSEC.
    public let areSecure: Bool

    /// Describes an answer.
    public init(records: [Record], areSecure: Bool) {
        self.records = records
        self.areSecure = areSecure
    }

    /// What the records say about a key.
    public enum Verdict: Equatable, Sendable {
        /// There are none, or none that could be about the key.
        case nothing
        /// They are about the key, and no record of its algorithm and a hash that we know is about
        /// another one.
        case match
        /// They are about other keys.
        case mismatch
    }

    /// What the records say about a key, as OpenSSH judges it.
    ///
    /// Records with a hash that we do not know are passed over (RFC 4255 section 2.4): who wants to
    /// lead us to another host could leave them out as well.
    public func verdict(on key: PublicKey) -> Verdict {
        let known = records.filter { Self.hash($0.hash) != nil }
        guard !known.isEmpty, let algorithm = Self.algorithm(of: key.type) else { return .nothing }
        let ofKind = known.filter { $0.algorithm == algorithm }
        let isMatch = ofKind.allSatisfy { record in
            Self.hash(record.hash)?.digest(of: key.blob[...]).elementsEqual(record.digest) ?? false
        }
        return !ofKind.isEmpty && isMatch ? .match : .mismatch
    }

    private static func algorithm(of type: KeyType) -> UInt8? {
        switch type {
        case .rsa: 1
        case .ecdsaP256, .ecdsaP384, .ecdsaP521: 3
        case .ed25519: 4
        case .securityKeyEd25519, .securityKeyECDSA: nil
        }
    }

    private static func hash(_ number: UInt8) -> HashAlgorithm? {
        switch number {
        case 1: .sha1
        case 2: .sha256
        default: nil
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
public import Wire

/// The hash functions of key exchange, signatures and fingerprints (FIPS 180-4).
///
/// SHA-1 is missing on purpose: its remaining uses have functions of their own,
/// ``HMAC/sha1(key:data:)`` and ``SHA1/digest(of:)``.
public enum HashAlgorithm: Sendable, CaseIterable {
    /// SHA-256, 32 bytes.
    case sha256
    /// SHA-384, 48 bytes.
    case sha384
    /// SHA-512, 64 bytes.
    case sha512

    /// The length of a digest in bytes.
    public var digestCount: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The digest of `data`.
    public func digest(of data: Bytes) -> [UInt8] {
        var hash = Hash(self)
        hash.update(data)
        return hash.finalize()
    }

    private static let fetched256 = FetchedAlgorithm.digest("SHA256")
    private static let fetched384 = FetchedAlgorithm.digest("SHA384")
    private static let fetched512 = FetchedAlgorithm.digest("SHA512")

    var fetched: FetchedAlgorithm {
        switch self {
        case .sha256: Self.fetched256
        case .sha384: Self.fetched384
        case .sha512: Self.fetched512
        }
    }
}

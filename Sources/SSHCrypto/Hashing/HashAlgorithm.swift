// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
public import Wire

/// The hash functions of key exchange, signatures and fingerprints (FIPS 180-4).
///
/// SHA-1 and MD5 protect nothing any more: they are here for formats that know nothing else, and for
/// whoever asks for them by name.
public enum HashAlgorithm: Sendable, CaseIterable {
    /// SHA-256, 32 bytes.
    case sha256
    /// SHA-384, 48 bytes.
    case sha384
    /// SHA-512, 64 bytes.
    case sha512
    /// SHA-1, 20 bytes.
    case sha1
    /// MD5 (RFC 1321), 16 bytes.
    case md5

    /// The length of a digest in bytes.
    public var digestCount: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        case .sha1: 20
        case .md5: 16
        }
    }

    /// The digest of `data`.
    public func digest(of data: Bytes) -> [UInt8] {
        var hash = Hash(self)
        hash.update(data)
        return hash.finalize()
    }

    /// The name in front of fingerprints, which is libcrypto's too.
    var name: String {
        switch self {
        case .sha256: "SHA256"
        case .sha384: "SHA384"
        case .sha512: "SHA512"
        case .sha1: "SHA1"
        case .md5: "MD5"
        }
    }

    private static let fetched256 = FetchedAlgorithm.digest("SHA256")
    private static let fetched384 = FetchedAlgorithm.digest("SHA384")
    private static let fetched512 = FetchedAlgorithm.digest("SHA512")
    private static let fetchedSHA1 = FetchedAlgorithm.digest("SHA1")
    private static let fetchedMD5 = FetchedAlgorithm.digest("MD5")

    var fetched: FetchedAlgorithm {
        switch self {
        case .sha256: Self.fetched256
        case .sha384: Self.fetched384
        case .sha512: Self.fetched512
        case .sha1: Self.fetchedSHA1
        case .md5: Self.fetchedMD5
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// The NIST curves of RFC 5656; raw values are their names on the wire.
enum Curve: String, CaseIterable, Sendable {
    case p256 = "nistp256"
    case p384 = "nistp384"
    case p521 = "nistp521"

    /// The length of a coordinate in bytes.
    var coordinateCount: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    /// The length of a point on the wire: a byte that says "uncompressed", and both coordinates.
    var pointCount: Int { 1 + 2 * coordinateCount }

    /// The hash function that goes with the curve (RFC 5656 section 6.2.1).
    var hash: HashAlgorithm {
        switch self {
        case .p256: .sha256
        case .p384: .sha384
        case .p521: .sha512
        }
    }

    /// libcrypto's name and number of the group.
    var group: (name: String, identifier: Int32) {
        switch self {
        case .p256: ("P-256", NID_X9_62_prime256v1)
        case .p384: ("P-384", NID_secp384r1)
        case .p521: ("P-521", NID_secp521r1)
        }
    }

    /// Whether `bytes` have the one form of a point that SSH's peers write (RFC 5656 section 3.1);
    /// whether it lies on the curve, libcrypto checks.
    func isUncompressedPoint(_ bytes: Span<UInt8>) -> Bool {
        bytes.count == pointCount && bytes[0] == 0x04
    }
}

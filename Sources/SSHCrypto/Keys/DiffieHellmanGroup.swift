// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
public import Wire

/// A group of numbers modulo a prime, for Diffie-Hellman (RFC 4253 section 8).
public final class DiffieHellmanGroup: Sendable {
    private let prime: BigNumber
    private let generator: BigNumber

    /// The lengths of primes, in bits, that a client takes from a server: OpenSSH's
    /// `DH_GRP_MIN` and `DH_GRP_MAX`, as RFC 8270 wants the first to be.
    public static let acceptedBits = 2048...8192
    /// The length of private exponents in bytes: twice the bits that the strongest ciphers have
    /// (RFC 4419 section 6.2).
    static let exponentCount = 64

    static let modp1024 = unsafe DiffieHellmanGroup(
        mustExist(BN_get_rfc2409_prime_1024(nil), "a prime"))
    static let modp2048 = unsafe DiffieHellmanGroup(
        mustExist(BN_get_rfc3526_prime_2048(nil), "a prime"))
    static let modp3072 = unsafe DiffieHellmanGroup(
        mustExist(BN_get_rfc3526_prime_3072(nil), "a prime"))
    static let modp4096 = unsafe DiffieHellmanGroup(
        mustExist(BN_get_rfc3526_prime_4096(nil), "a prime"))
    static let modp8192 = unsafe DiffieHellmanGroup(
        mustExist(BN_get_rfc3526_prime_8192(nil), "a prime"))

    /// One of RFC 2409 and RFC 3526, whose generator is two.
    private init(_ prime: OpaquePointer) {
        unsafe self.prime = BigNumber(owning: prime)
        generator = BigNumber([2].span)
    }

    /// A group that a server sent.
    ///
    /// That the prime is one is not checked, as that takes seconds: the server signs it, and could as
    /// well give the secret away.
    ///
    /// - Throws: `KeyAgreementError.invalidGroup`.
    public init(prime: Bytes, generator: Bytes) throws(KeyAgreementError) {
        self.prime = BigNumber(prime.span)
        self.generator = BigNumber(generator.span)
        guard let last = prime.last, last & 1 == 1, Self.acceptedBits.contains(self.prime.bitCount),
            self.prime.hasBetweenOneAndPredecessor(self.generator)
        else { throw .invalidGroup }
    }

    /// The smallest of the known groups that has `wanted` bits, or else the largest one that is
    /// allowed; nil where none is.
    public static func choose(
        minimum: UInt32, wanted: UInt32, maximum: UInt32
    ) -> DiffieHellmanGroup? {
        guard minimum <= wanted, wanted <= maximum else { return nil }
        let allowed = [modp2048, modp3072, modp4096, modp8192].filter {
            (minimum...maximum).contains(UInt32($0.bits))
        }
        return allowed.first { $0.bits >= wanted } ?? allowed.last
    }

    /// The length of the prime in bits.
    public var bits: Int { prime.bitCount }
    /// The prime's big-endian digits.
    public var primeDigits: [UInt8] { prime.digits }
    /// The generator's big-endian digits.
    public var generatorDigits: [UInt8] { generator.digits }

    /// What the peer is sent for a private exponent: an `mpint`'s content.
    func publicValue(_ exponent: BigNumber) -> [UInt8] {
        let digits = generator.power(exponent, modulo: prime).digits
        return (digits.first ?? 0) & 0x80 == 0 ? digits : [0] + digits
    }

    /// The secret that both sides arrive at, as an `mpint`'s digits.
    ///
    /// - Throws: for what is no `mpint`, or not above one and below the prime's predecessor.
    func secret(_ exponent: BigNumber, peer: Bytes) throws(KeyAgreementError) -> SecretBytes {
        guard let digits = Self.digits(peer) else { throw .invalidPublicValue }
        let value = BigNumber(digits.span)
        guard prime.hasBetweenOneAndPredecessor(value) else { throw .invalidPublicValue }
        var secret = value.power(exponent, modulo: prime).digits
        defer { wipe(&secret) }
        guard secret.count > 1 || secret.first ?? 0 > 1 else { throw .invalidPublicValue }
        return SecretBytes(copying: secret)
    }

    /// The digits of a number in the one form that an `mpint` has (RFC 4251 section 5).
    private static func digits(_ content: Bytes) -> Bytes? {
        guard let first = content.first, first & 0x80 == 0 else { return nil }
        guard first == 0 else { return content }
        let digits = content.dropFirst()
        guard let next = digits.first, next & 0x80 != 0 else { return nil }
        return digits
    }
}

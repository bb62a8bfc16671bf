// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
internal import Wire

/// A private key file in one of the PEM forms (RFC 7468, RFC 8017 appendix A.1.2, SEC 1 appendix C.4),
/// which libcrypto reads.
struct PEMKeyFile: ~Copyable, Sendable {
    private let file: SecretBytes

    /// - Throws: where guessing one passphrase would take unreasonably long.
    init(_ file: Span<UInt8>) throws(KeyError) {
        if case .pem(true) = KeyFileArmour.format(of: file),
            var content = try? KeyFileArmour.content(
                of: file, label: KeyFileArmour.encryptedPKCS8Label)
        {
            defer { wipe(&content) }
            try Self.checkCost(content[...])
        }
        self.file = SecretBytes(count: file.count) { $0.append(copying: file) }
    }

    /// The key of a file that isn't encrypted.
    func privateKey() throws(KeyError) -> PrivateKey {
        try read(passphrase: nil)
    }

    /// The key of an encrypted file.
    func privateKey(passphrase: borrowing SecretBytes) throws(KeyError) -> PrivateKey {
        try passphrase.withSpan { passphrase throws(KeyError) in try read(passphrase: passphrase) }
    }

    private func read(passphrase: Span<UInt8>?) throws(KeyError) -> PrivateKey {
        let pointer = unsafe file.withSpan { file in
            unsafe file.withUnsafeBufferPointer { file in
                guard let passphrase else {
                    return unsafe clibcrypto_read_pem(file.baseAddress, Int32(file.count), nil, 0)
                }
                return unsafe passphrase.withUnsafeBufferPointer { passphrase in
                    unsafe clibcrypto_read_pem(
                        file.baseAddress, Int32(file.count), passphrase.baseAddress,
                        Int32(passphrase.count))
                }
            }
        }
        guard let pointer = unsafe pointer else {
            throw Self.error(isEncrypted: passphrase != nil)
        }
        guard let handle = unsafe KeyHandle(owning: pointer) else { throw .invalid("no key") }
        guard let blob = handle.publicBlob() else { throw .unsupportedType }
        return try PrivateKey(handle, publicBlob: blob[...], comment: "")
    }

    /// Why libcrypto gave no key: of what is encrypted, a wrong passphrase leaves only noise.
    private static func error(isEncrypted: Bool) -> KeyError {
        var isUnsupported = false
        while case let code = ERR_get_error(), code != 0 {
            if clibcrypto_is_unsupported(code) != 0 { isUnsupported = true }
        }
        if isUnsupported {
            return .unsupportedFormat("the key is encrypted in a way that libcrypto refuses")
        }
        return isEncrypted ? .wrongPassphrase : .invalid("libcrypto cannot read it")
    }
}

// How long a passphrase takes (RFC 8018 appendix A, RFC 7914 section 7).
extension PEMKeyFile {
    private static let pbes2 = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D] as [UInt8]
    private static let scrypt =
        [0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B] as [UInt8]

    /// Refuses an EncryptedPrivateKeyInfo (RFC 5958 section 3) whose key would take hours to derive.
    private static func checkCost(_ content: Bytes) throws(KeyError) {
        var info = DERReader(content)
        var outer = DERReader(try info.read(.sequence))
        var algorithm = DERReader(try outer.read(.sequence))
        var isScrypt = false
        var parameters: DERReader
        if try algorithm.read(.objectIdentifier).elementsEqual(pbes2) {
            var scheme = DERReader(try algorithm.read(.sequence))
            var derivation = DERReader(try scheme.read(.sequence))
            isScrypt = try derivation.read(.objectIdentifier).elementsEqual(scrypt)
            parameters = DERReader(try derivation.read(.sequence))
        } else {
            parameters = DERReader(try algorithm.read(.sequence))
        }
        _ = try parameters.read(.octetString)
        var cost = try parameters.readSmallNumber()
        if isScrypt {
            let (blockSize, lanes) = (
                try parameters.readSmallNumber(), try parameters.readSmallNumber()
            )
            let (product, isLarge) = blockSize.multipliedReportingOverflow(by: lanes)
            let (total, isLarger) = cost.multipliedReportingOverflow(by: product)
            cost = isLarge || isLarger ? .max : total
        }
        guard cost <= KeyLimits.keyDerivationCost else {
            throw .unsupportedFormat(
                "the key's passphrase takes more than \(KeyLimits.keyDerivationCost) rounds")
        }
    }
}

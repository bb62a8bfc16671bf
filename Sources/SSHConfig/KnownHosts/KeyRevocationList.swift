// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// A key revocation list in OpenSSH's binary format (PROTOCOL.krl, made by `ssh-keygen -k`).
///
/// Its parts stay slices of the file: a list may be large, and is asked about one key only.
struct KeyRevocationList: Sendable {
    /// What each file of this format begins with.
    static let magic: [UInt8] = Array("SSHKRL\n\0".utf8)

    /// The blobs of keys, certificates apart.
    private var keys: [Bytes] = []
    private var sha1Digests: [Bytes] = []
    private var sha256Digests: [Bytes] = []
    private var certificates: [CertificateSection] = []

    /// The certificates of one authority, or of any.
    private struct CertificateSection {
        /// The authority's blob; empty for any.
        let authority: Bytes
        var serials: [ClosedRange<UInt64>] = []
        var bitmaps: [(first: UInt64, bits: Bytes)] = []
        var keyIDs: [Bytes] = []
    }

    private enum Section {
        static let certificates: UInt8 = 1
        static let explicitKeys: UInt8 = 2
        static let sha1Fingerprints: UInt8 = 3
        static let signature: UInt8 = 4
        static let sha256Fingerprints: UInt8 = 5
        static let `extension`: UInt8 = 255
    }

    private enum CertificateSubsection {
        static let serialList: UInt8 = 0x20
        static let serialRange: UInt8 = 0x21
        static let serialBitmap: UInt8 = 0x22
        static let keyIDs: UInt8 = 0x23
        static let `extension`: UInt8 = 0x39
    }

    /// Reads a list.
    ///
    /// Signatures are passed over: as OpenSSH, we trust whoever may write the file.
    ///
    /// - Throws: for what is damaged, or has parts that are critical and not known here.
    init(_ content: Bytes) throws(WireError) {
        var reader = WireReader(content)
        guard try reader.readBytes(Self.magic.count).elementsEqual(Self.magic),
            try reader.readUInt32() == 1
        else { throw .malformed("not a key revocation list of version 1") }
        // The list's own version, its date, and flags of which none is defined.
        for _ in 0..<3 { _ = try reader.readUInt64() }
        _ = try reader.readString()  // reserved
        _ = try reader.readString()  // a comment
        var isSigned = false
        while !reader.isAtEnd {
            let section = try reader.readUInt8()
            let data = try reader.readString()
            guard section == Section.signature || !isSigned else {
                throw .malformed("a section behind the signature")
            }
            switch section {
            case Section.certificates: try readCertificates(data)
            case Section.explicitKeys: try Self.readStrings(data, into: &keys)
            case Section.sha1Fingerprints: try Self.readStrings(data, into: &sha1Digests)
            case Section.sha256Fingerprints: try Self.readStrings(data, into: &sha256Digests)
            case Section.signature:
                // What was read is the signing key.
                _ = try reader.readString()
                isSigned = true
            case Section.extension: try Self.skipExtension(data)
            default: throw .malformed("a section of an unknown kind")
            }
        }
    }

    private static func readStrings(
        _ data: Bytes, into list: inout [Bytes]
    ) throws(WireError) {
        var reader = WireReader(data)
        while !reader.isAtEnd { list.append(try reader.readString()) }
    }

    private static func skipExtension(_ data: Bytes) throws(WireError) {
        var reader = WireReader(data)
        _ = try reader.readString()  // its name
        guard try !reader.readBool() else {
            throw .malformed("a critical extension that is not known here")
        }
    }

    private mutating func readCertificates(_ data: Bytes) throws(WireError) {
        var reader = WireReader(data)
        var section = CertificateSection(authority: try reader.readString())
        _ = try reader.readString()  // reserved
        while !reader.isAtEnd {
            let kind = try reader.readUInt8()
            let content = try reader.readString()
            var part = WireReader(content)
            switch kind {
            case CertificateSubsection.serialList:
                while !part.isAtEnd {
                    let serial = try part.readUInt64()
                    section.serials.append(serial...serial)
                }
            case CertificateSubsection.serialRange:
                let (first, last) = (try part.readUInt64(), try part.readUInt64())
                guard first <= last else { throw .malformed("a range of serials without any") }
                section.serials.append(first...last)
            case CertificateSubsection.serialBitmap:
                let first = try part.readUInt64()
                section.bitmaps.append((first, try part.readMPInt(limit: content.count)))
            case CertificateSubsection.keyIDs:
                while !part.isAtEnd { section.keyIDs.append(try part.readString()) }
            case CertificateSubsection.extension:
                try Self.skipExtension(content)
                _ = part.readRemaining()
            default: throw .malformed("certificates revoked in an unknown way")
            }
            try part.requireEnd()
        }
        certificates.append(section)
    }
}

extension KeyRevocationList {
    /// Whether a key must not be trusted: by itself, by its certificate, or by who signed that.
    func revokes(_ key: PublicKey, certificate: Certificate?) -> Bool {
        if revokes(key) { return true }
        guard let certificate else { return false }
        return revokes(certificate.authority) || revokes(certificate)
    }

    private func revokes(_ key: PublicKey) -> Bool {
        let blob = key.blob[...]
        return keys.contains(blob)
            || !sha256Digests.isEmpty
                && sha256Digests.contains(HashAlgorithm.sha256.digest(of: blob)[...])
            || !sha1Digests.isEmpty
                && sha1Digests.contains(HashAlgorithm.sha1.digest(of: blob)[...])
    }

    private func revokes(_ certificate: Certificate) -> Bool {
        let authority = certificate.authority.blob[...]
        return certificates.contains { section in
            guard section.authority.isEmpty || section.authority == authority else { return false }
            if section.keyIDs.contains(Array(certificate.keyID.utf8)[...]) { return true }
            // An authority that counts nothing gives every certificate the serial zero.
            let serial = certificate.serial
            guard serial != 0 else { return false }
            return section.serials.contains { $0.contains(serial) }
                || section.bitmaps.contains { Self.isSet(serial, $0.bits, from: $0.first) }
        }
    }

    /// Whether a bit is set in a big-endian number whose lowest bit stands for `first`.
    private static func isSet(_ serial: UInt64, _ bits: Bytes, from first: UInt64) -> Bool {
        guard serial >= first, serial - first < UInt64(bits.count) * 8 else { return false }
        let place = Int(serial - first)
        return bits[bits.endIndex - 1 - place / 8] >> UInt8(place % 8) & 1 == 1
    }
}

// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@Suite struct PrivateKeyTests {
    @Test(arguments: keyKinds)
    func readsTheKeysThatSSHKeygenMakes(_ kind: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey(kind)
        let file = tools.read("key")
        let key = try PrivateKeyFile(file.span).privateKey()
        let blob = try tools.publicBlob()
        #expect(key.publicKey.blob == blob)
        let listed = String(decoding: tools.run("ssh-keygen -l -f key.pub"), as: UTF8.self)
        #expect(listed.split(separator: " ").dropFirst().first == key.publicKey.fingerprint[...])
    }

    @Test(arguments: [
        ("PuTTY-User-Key-File-3: ssh-ed25519\n", "puttygen"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n", "public key"), ("", "not a private key file"),
        ("-----BEGIN DSA PRIVATE KEY-----\n", "DSA"), ("\u{0}\u{1}", "not a private key file"),
    ])
    func saysWhatElseAFileIs(_ text: String, _ expected: String) {
        let file = Array(text.utf8)
        let error = #expect(throws: KeyError.self) {
            _ = try PrivateKeyFile(file.span).privateKey()
        }
        #expect(error?.description.contains(expected) == true)
    }

    @Test(arguments: ["-t ed25519", "-t ecdsa -b 256", "-t rsa -b 1024"])
    func aDamagedFileIsAnErrorOrStillTheSameKey(_ kind: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey(kind)
        let file = tools.read("key")
        let publicKey = try PrivateKeyFile(file.span).privateKey().publicKey
        for index in file.indices {
            var damaged = file
            damaged[index] ^= 1
            // Some bytes say nothing: the comment, and numbers that libcrypto does without.
            if let key = try? PrivateKeyFile(damaged.span).privateKey() {
                #expect(key.publicKey == publicKey)
                let algorithm = try #require(publicKey.type.signatureAlgorithms.first)
                let signature = try key.sign([1, 2, 3], algorithm: algorithm)
                #expect(
                    publicKey.verify(
                        signature: signature[...], data: [1, 2, 3], algorithm: algorithm)
                        == .valid)
            }
        }
        let trimmed = file.dropLast()  // the last newline may be missing
        for count in 0..<trimmed.count {
            let cut = trimmed[..<count]
            #expect(throws: KeyError.self) { _ = try PrivateKeyFile(cut.span).privateKey() }
        }
    }

    @Test func readsFilesWithOtherLineEnds() throws {
        let tools = OpenSSHTools()
        tools.makeKey("-t ed25519")
        let file = tools.read("key").flatMap { $0 == 10 ? [13, 10] : [$0] }
        let key = try PrivateKeyFile(file.span).privateKey()
        let blob = try tools.publicBlob()
        #expect(key.publicKey.blob == blob)
    }

    /// A file with these private fields, whose padding and check numbers are right.
    private static func file(publicBlob: [UInt8], fields: [UInt8], keys: UInt32 = 1) -> [UInt8] {
        var inner = WireWriter()
        inner.write(UInt32(7))
        inner.write(UInt32(7))
        inner.writeBytes(fields)
        inner.writeString("comment")
        var padding: UInt8 = 1
        while !inner.count.isMultiple(of: 8) {
            inner.write(padding)
            padding += 1
        }
        var writer = WireWriter()
        writer.writeBytes("openssh-key-v1\0".utf8)
        writer.writeString("none")
        writer.writeString("none")
        writer.writeString("")
        writer.write(keys)
        writer.writeString(publicBlob)
        writer.writeString(inner.bytes)
        let text = Base64.encode(writer.bytes)
        return Array(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n\(text)\n-----END OPENSSH PRIVATE KEY-----".utf8)
    }

    // RFC 8032 section 7.1, tests 1 and 2.
    private static let seed = hex(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    private static let point = hex(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    private static let otherPoint = hex(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")

    private static func ed25519(
        seed: [UInt8] = seed, point: [UInt8] = point, blobPoint: [UInt8]? = nil, keys: UInt32 = 1
    ) throws(KeyError) -> PrivateKey {
        var blob = WireWriter()
        blob.writeString("ssh-ed25519")
        blob.writeString(blobPoint ?? point)
        var fields = WireWriter()
        fields.writeString("ssh-ed25519")
        fields.writeString(point)
        fields.writeString(seed + point)
        let file = file(publicBlob: blob.bytes, fields: fields.bytes, keys: keys)
        return try PrivateKeyFile(file.span).privateKey()
    }

    @Test func ed25519SignsAsInRFC8032() throws {
        let key = try Self.ed25519()
        var expected = WireWriter()
        expected.writeString("ssh-ed25519")
        expected.writeString(
            hex(
                """
                e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
                5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
                """))
        #expect(try key.sign([], algorithm: .ed25519) == expected.bytes)
        let verdict = key.publicKey.verify(
            signature: expected.bytes[...], data: [], algorithm: .ed25519)
        #expect(verdict == .valid)
    }

    @Test func refusesHalvesThatDoNotBelongTogether() {
        #expect(throws: KeyError.self) { try Self.ed25519(point: Self.otherPoint) }
        #expect(throws: KeyError.self) { try Self.ed25519(blobPoint: Self.otherPoint) }
    }

    @Test(arguments: [0, 2, 0xFFFF_FFFF] as [UInt32])
    func refusesAFileThatDoesNotHoldOneKey(_ count: UInt32) {
        #expect(throws: KeyError.invalid("a file of more than one key")) {
            try Self.ed25519(keys: count)
        }
    }

    /// Before a passphrase is asked for, which would be of no use.
    @Test(arguments: [
        "ssh-dss", "ssh-ed25519-cert-v01@openssh.com", "ssh-mldsa44-ed25519@openssh.com",
    ])
    func namesTypesThatItDoesNotKnow(_ name: String) {
        var fields = WireWriter()
        fields.writeString(name)
        fields.writeString(Self.point)
        let file = Self.file(publicBlob: fields.bytes, fields: fields.bytes)
        #expect(throws: KeyError.unsupportedFormat("keys of the type \(name) are not supported")) {
            try PrivateKeyFile(file.span)
        }
    }

    @Test func refusesAnRSAKeyOfTinyFactors() {
        var blob = WireWriter()
        blob.writeString("ssh-rsa")
        blob.writeMPInt([3])
        blob.writeMPInt([UInt8](repeating: 0xFF, count: 128))
        for factor in [[], [1], [2], [3]] as [[UInt8]] {
            var fields = WireWriter()
            fields.writeString("ssh-rsa")
            fields.writeMPInt([UInt8](repeating: 0xFF, count: 128))
            for number in [[3], [5], [7], factor, factor] { fields.writeMPInt(number) }
            let file = Self.file(publicBlob: blob.bytes, fields: fields.bytes)
            #expect(throws: KeyError.self) { _ = try PrivateKeyFile(file.span).privateKey() }
        }
    }

    @Test func refusesAFileThatIsTooLarge() {
        let file = [UInt8](repeating: 0x41, count: KeyLimits.keyFileBytes + 1)
        #expect(throws: KeyError.self) { _ = try PrivateKeyFile(file.span).privateKey() }
    }
}

// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

/// Encrypted keys and keys in PEM form, made by ssh-keygen and openssl.
@Suite struct PrivateKeyFileTests {
    /// Reads the file `key` with its passphrase and without, and compares with `key.pub`.
    private static func check(
        _ tools: OpenSSHTools, passphrase: String = "pass phrase", showsPublicKey: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let bytes = tools.read("key")
        let blob = try tools.publicBlob()
        let file = try PrivateKeyFile(bytes.span)
        #expect(file.isEncrypted, sourceLocation: sourceLocation)
        #expect(
            file.publicKey?.blob == (showsPublicKey ? blob : nil), sourceLocation: sourceLocation)
        #expect(throws: KeyError.passphraseRequired, sourceLocation: sourceLocation) {
            try file.privateKey()
        }
        for wrong in ["", "pass phrase ", "x", String(repeating: "pass", count: 1000)] {
            #expect(throws: KeyError.wrongPassphrase, sourceLocation: sourceLocation) {
                try file.privateKey(passphrase: SecretBytes(copying: wrong.utf8))
            }
        }
        let key = try file.privateKey(passphrase: SecretBytes(copying: passphrase.utf8))
        #expect(key.publicKey.blob == blob, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr",
        "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com",
        "3des-cbc",
    ])
    func readsKeysEncryptedByEveryCipher(_ cipher: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey("-t ed25519 -a 1 -Z \(cipher)", passphrase: "pass phrase")
        try Self.check(tools, showsPublicKey: true)
    }

    @Test(arguments: keyKinds)
    func readsEncryptedKeysOfEveryType(_ kind: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey("\(kind) -a 1", passphrase: "pass phrase")
        try Self.check(tools, showsPublicKey: true)
    }

    @Test(arguments: [2, 5]) func derivesTheKeyInAsManyRoundsAsTheFileSays(_ rounds: Int) throws {
        let tools = OpenSSHTools()
        tools.makeKey("-t ed25519 -a \(rounds)", passphrase: "ä€𝄞")
        let bytes = tools.read("key")
        let key = try PrivateKeyFile(bytes.span).privateKey(
            passphrase: SecretBytes(copying: "ä€𝄞".utf8))
        #expect(try key.publicKey.blob == tools.publicBlob())
        #expect(key.comment == "a comment")
    }

    @Test func refusesAPassphraseOfMoreRoundsThanAnybodyWaitsFor() throws {
        let tools = OpenSSHTools()
        tools.makeKey("-t ed25519 -a 1", passphrase: "x")
        let text = String(decoding: tools.read("key"), as: UTF8.self)
        let body = text.split(separator: "\n").dropFirst().dropLast().joined()
        var content = try Base64.decode(Array(body.utf8))
        // The rounds stand behind the salt: magic, "aes256-ctr", "bcrypt", 24, 16, salt.
        let index = 15 + 14 + 10 + 4 + 4 + 16
        #expect(content[index..<index + 4].elementsEqual([0, 0, 0, 1]))
        content.replaceSubrange(index..<index + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
        let file = """
            -----BEGIN OPENSSH PRIVATE KEY-----
            \(Base64.encode(content))
            -----END OPENSSH PRIVATE KEY-----
            """
        let bytes = Array(file.utf8)
        let error = #expect(throws: KeyError.self) { try PrivateKeyFile(bytes.span) }
        #expect(error?.description.contains("4294967295 rounds") == true)
    }

    @Test(arguments: [
        "-t rsa -b 1024 -m PEM", "-t ecdsa -b 256 -m PEM", "-t ecdsa -b 521 -m PEM",
        "-t rsa -b 1024 -m PKCS8", "-t ecdsa -b 384 -m PKCS8",
    ])
    func readsPEMAndPKCS8(_ arguments: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey(arguments)
        let bytes = tools.read("key")
        let file = try PrivateKeyFile(bytes.span)
        #expect(!file.isEncrypted)
        let blob = try tools.publicBlob()
        #expect(file.publicKey?.blob == blob)
        #expect(try file.privateKey().publicKey.blob == blob)
        _ = tools.run("rm key key.pub")
        tools.makeKey(arguments, passphrase: "pass phrase")
        try Self.check(tools, showsPublicKey: false)
    }

    @Test(arguments: [
        "genpkey -algorithm ed25519", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024",
        "ecparam -name prime256v1 -genkey", "ecparam -name secp384r1 -genkey -noout",
        "ecparam -name secp521r1 -genkey -noout -conv_form compressed",
    ])
    func readsWhatOpenSSLMakes(_ command: String) throws {
        let tools = OpenSSHTools()
        _ = tools.run("openssl \(command) -out plain")
        let bytes = tools.read("plain")
        let key = try PrivateKeyFile(bytes.span).privateKey()
        if key.publicKey.type == .ed25519 {
            // OpenSSH reads these since version 9.6 only; openssl ends with the key itself.
            let info = tools.run("openssl pkey -in plain -pubout -outform DER")
            #expect(key.publicKey.blob.suffix(32) == info.suffix(32))
        } else {
            let shown = try PublicKeyFile(tools.run("ssh-keygen -y -f plain")[...])
            #expect(key.publicKey == shown.key)
        }
        for cipher in [
            "-v2 aes-256-cbc -scrypt", "-v2prf hmacWithSHA512", "-iter 1", "-v1 PBE-SHA1-3DES",
        ] {
            _ = tools.run(
                "openssl pkcs8 -topk8 \(cipher) -in plain -out key -passout 'pass:pass phrase'")
            let encrypted = tools.read("key")
            let same = try PrivateKeyFile(encrypted.span).privateKey(
                passphrase: SecretBytes(copying: "pass phrase".utf8))
            #expect(same.publicKey == key.publicKey)
        }
    }

    @Test func refusesPKCS8ThatWouldTakeHours() {
        let tools = OpenSSHTools()
        _ = tools.run("openssl genpkey -algorithm ed25519 -out plain")
        _ = tools.run("openssl pkcs8 -topk8 -iter 65537 -in plain -out key -passout pass:x")
        let text = String(decoding: tools.read("key"), as: UTF8.self)
        let body = text.split(separator: "\n").dropFirst().dropLast().joined()
        var content = (try? Base64.decode(Array(body.utf8))) ?? []
        let iterations: [UInt8] = [0x02, 0x03, 0x01, 0x00, 0x01]
        let index = content.indices.first { content[$0...].starts(with: iterations) }
        guard let index else {
            Issue.record("openssl writes its rounds otherwise")
            return
        }
        content.replaceSubrange(index..<index + 5, with: [0x02, 0x03, 0x7F, 0xFF, 0xFF])
        // Eight million are allowed; three bytes cannot say too many. The length in front can't be
        // changed here, so a scrypt file does it: N=2^14, r=8, p=1 become p=127.
        _ = tools.run("openssl pkcs8 -topk8 -scrypt -in plain -out key -passout pass:x")
        let scrypt = String(decoding: tools.read("key"), as: UTF8.self)
        let scryptBody = scrypt.split(separator: "\n").dropFirst().dropLast().joined()
        var other = (try? Base64.decode(Array(scryptBody.utf8))) ?? []
        let parameters: [UInt8] = [0x02, 0x01, 0x08, 0x02, 0x01, 0x01]
        guard let place = other.indices.first(where: { other[$0...].starts(with: parameters) })
        else {
            Issue.record("openssl writes scrypt's parameters otherwise")
            return
        }
        other[place + 5] = 0x7F
        for (content, isRefused) in [(content, false), (other, true)] {
            let file = Array(
                """
                -----BEGIN ENCRYPTED PRIVATE KEY-----
                \(Base64.encode(content))
                -----END ENCRYPTED PRIVATE KEY-----
                """.utf8)
            let error = { () -> KeyError? in
                do throws(KeyError) {
                    _ = try PrivateKeyFile(file.span)
                    return nil
                } catch {
                    return error
                }
            }()
            #expect((error != nil) == isRefused)
            if let error { #expect(error.description.contains("rounds")) }
        }
    }

    @Test(arguments: [
        "genpkey -algorithm x25519", "genpkey -algorithm ed448",
        "ecparam -name secp256k1 -genkey -noout",
    ])
    func refusesKindsThatSSHDoesNotKnow(_ command: String) {
        let tools = OpenSSHTools()
        _ = tools.run("openssl \(command) -out key")
        let bytes = tools.read("key")
        #expect(throws: KeyError.unsupportedType) { try PrivateKeyFile(bytes.span) }
    }

    @Test(arguments: [
        "-t ed25519 -a 1", "-t rsa -b 1024 -m PEM", "-t ecdsa -m PKCS8",
    ])
    func aDamagedEncryptedFileIsAnErrorOrStillTheSameKey(_ arguments: String) throws {
        let tools = OpenSSHTools()
        tools.makeKey(arguments, passphrase: "long enough")
        let bytes = tools.read("key")
        let blob = try tools.publicBlob()
        func publicBlob(_ bytes: [UInt8]) -> [UInt8]? {
            let file = try? PrivateKeyFile(bytes.span)
            return try? file?.privateKey(
                passphrase: SecretBytes(copying: "long enough".utf8)
            ).publicKey.blob
        }
        #expect(publicBlob(bytes) == blob)
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[index] ^= 1
            let found = publicBlob(damaged)
            #expect(found == nil || found == blob)
            let cut = publicBlob(Array(bytes[..<index]))
            #expect(cut == nil)
        }
    }

    @Test(arguments: ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"])
    func saysThatASecurityKeyHoldsThePrivateHalf(_ type: String) throws {
        // As ssh-keygen -t ed25519-sk would write it, had this machine a security key.
        let tools = OpenSSHTools()
        tools.makeKey(type.contains("ed25519") ? "-t ed25519" : "-t ecdsa -b 256")
        var fields = WireReader(try tools.publicBlob())
        _ = try fields.readString()
        var blob = WireWriter()
        blob.writeString(type)
        blob.writeBytes(fields.readRemaining())
        blob.writeString("ssh:")
        var part = WireWriter()
        for _ in 0..<2 { part.write(UInt32(7)) }
        part.writeBytes(blob.bytes)
        part.write(UInt8(1))
        for text in ["handle", "", "comment"] { part.writeString(text) }
        var padding: UInt8 = 1
        while !part.count.isMultiple(of: 8) {
            part.write(padding)
            padding += 1
        }
        var content = WireWriter()
        content.writeBytes("openssh-key-v1\0".utf8)
        for text in ["none", "none", ""] { content.writeString(text) }
        content.write(UInt32(1))
        content.writeString(blob.bytes)
        content.writeString(part.bytes)
        let bytes = Array(
            """
            -----BEGIN OPENSSH PRIVATE KEY-----
            \(Base64.encode(content.bytes))
            -----END OPENSSH PRIVATE KEY-----
            """.utf8)
        let file = try PrivateKeyFile(bytes.span)
        #expect(file.publicKey?.type.rawValue == type)
        #expect(throws: KeyError.heldBySecurityKey) { try file.privateKey() }
    }
}

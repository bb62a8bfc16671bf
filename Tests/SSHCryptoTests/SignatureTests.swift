// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@Suite struct SignatureTests {
    private static let message = Array("the message\n".utf8)

    private static func makeKey(_ kind: String) throws -> (OpenSSHTools, PrivateKey) {
        let tools = OpenSSHTools()
        tools.makeKey(kind)
        tools.write("the message", to: "message")
        let file = tools.read("key")
        return (tools, try PrivateKeyFile(file.span).privateKey())
    }

    @Test(arguments: keyKinds)
    func openSSHAcceptsOurSignatures(_ kind: String) throws {
        let (tools, key) = try Self.makeKey(kind)
        let algorithms = key.publicKey.type.signatureAlgorithms
        #expect(algorithms.count == (key.publicKey.type == .rsa ? 3 : 1))
        for algorithm in algorithms where algorithm != .rsaSHA1 {
            let signature = try key.sign(
                FileSignature.signedData(Self.message)[...], algorithm: algorithm)
            tools.write(
                FileSignature.file(publicKey: key.publicKey, signature: signature), to: "signature")
            let output = tools.run(
                "ssh-keygen -Y check-novalidate -n \(FileSignature.namespace) -s signature <message"
            )
            let text = String(decoding: output, as: UTF8.self)
            #expect(text.hasPrefix("Good"))
            #expect(text.contains(key.publicKey.fingerprint))
        }
    }

    @Test(arguments: keyKinds)
    func weAcceptOpenSSHsSignatures(_ kind: String) throws {
        let (tools, _) = try Self.makeKey(kind)
        _ = tools.run("ssh-keygen -q -Y sign -f key -n \(FileSignature.namespace) message")
        let (blob, signature) = try FileSignature.parse(tools.read("message.sig"))
        let key = try PublicKey(blob: blob)
        let algorithm = try #require(key.type.signatureAlgorithms.first)
        let data = FileSignature.signedData(Self.message)
        #expect(key.verify(signature: signature, data: data[...], algorithm: algorithm) == .valid)
        let others = FileSignature.signedData([1])
        #expect(
            key.verify(signature: signature, data: others[...], algorithm: algorithm)
                == .invalid(.mismatch))
    }

    @Test(arguments: keyKinds)
    func aChangedSignatureIsNeverValid(_ kind: String) throws {
        let (_, key) = try Self.makeKey(kind)
        for algorithm in key.publicKey.type.signatureAlgorithms {
            let signature = try key.sign(Self.message[...], algorithm: algorithm)
            func verdict(_ signature: [UInt8]) -> SignatureVerdict {
                key.publicKey.verify(
                    signature: signature[...], data: Self.message[...], algorithm: algorithm)
            }
            #expect(verdict(signature) == .valid)
            for index in signature.indices {
                var changed = signature
                changed[index] ^= 0x01
                #expect(verdict(changed) != .valid, "byte \(index)")
                #expect(verdict(Array(signature[..<index])) != .valid, "cut at \(index)")
            }
            #expect(verdict(signature + [0]) == .invalid(.malformed))
        }
    }

    @Test func aSignatureIsOnlyAcceptedByTheAgreedAlgorithm() throws {
        let (_, key) = try Self.makeKey("-t rsa -b 1024")
        let (_, other) = try Self.makeKey("-t ecdsa -b 256")
        for made in SignatureAlgorithm.allCases where made.keyType == .rsa {
            let signature = try key.sign(Self.message[...], algorithm: made)
            for expected in SignatureAlgorithm.allCases where expected != made {
                #expect(
                    key.publicKey.verify(
                        signature: signature[...], data: Self.message[...], algorithm: expected)
                        == .invalid(.wrongAlgorithm))
            }
        }
        let signature = try key.sign(Self.message[...], algorithm: .rsaSHA256)
        #expect(
            other.publicKey.verify(
                signature: signature[...], data: Self.message[...], algorithm: .rsaSHA256)
                == .invalid(.wrongAlgorithm))
    }

    /// A signature blob.
    private static func blob(_ name: String, _ content: [UInt8]) -> [UInt8] {
        var writer = WireWriter()
        writer.writeString(name)
        writer.writeString(content)
        return writer.bytes
    }

    @Test func refusesSHA1SignaturesOfRSAWhereSHA2WasAgreed() throws {
        let (_, key) = try Self.makeKey("-t rsa -b 1024")
        for algorithm in key.publicKey.type.signatureAlgorithms where algorithm != .rsaSHA1 {
            let signature = Self.blob("ssh-rsa", [UInt8](repeating: 1, count: 128))
            #expect(
                key.publicKey.verify(
                    signature: signature[...], data: Self.message[...], algorithm: algorithm)
                    == .invalid(.wrongAlgorithm))
        }
    }

    @Test func takesECDSASignaturesWithUnneededZerosButNoNegativeNumbers() throws {
        let (_, key) = try Self.makeKey("-t ecdsa -b 256")
        var numbers: [Bytes] = []
        repeat {
            let signature = try key.sign(Self.message[...], algorithm: .ecdsaP256)
            var outer = WireReader(signature)
            _ = try outer.readString()
            var inner = WireReader(try outer.readString())
            numbers = [try inner.readMPInt(), try inner.readMPInt()]
        } while !numbers.allSatisfy { $0.count == 32 && ($0.first ?? 0) < 0x80 }
        func verdict(_ prefix: [UInt8]) -> SignatureVerdict {
            var content = WireWriter()
            for number in numbers { content.writeString(prefix + number) }
            return key.publicKey.verify(
                signature: Self.blob("ecdsa-sha2-nistp256", content.bytes)[...],
                data: Self.message[...], algorithm: .ecdsaP256)
        }
        #expect(verdict([]) == .valid)
        #expect(verdict([0]) == .valid)
        #expect(verdict([0, 0]) == .invalid(.malformed))
        #expect(verdict([0x80]) == .invalid(.malformed))
    }

    @Test func takesRSASignaturesWithoutTheirLeadingZeros() throws {
        let (_, key) = try Self.makeKey("-t rsa -b 1024")
        // One in 256 signatures begins with a zero.
        var data: [UInt8] = []
        var content: Bytes
        repeat {
            data = SecureRandom.bytes(16)
            let signature = try key.sign(data[...], algorithm: .rsaSHA256)
            content = signature.suffix(128)
        } while content.first != 0
        func verdict(_ content: [UInt8]) -> SignatureVerdict {
            key.publicKey.verify(
                signature: Self.blob("rsa-sha2-256", content)[...], data: data[...],
                algorithm: .rsaSHA256)
        }
        #expect(verdict(Array(content)) == .valid)
        #expect(verdict(Array(content.drop { $0 == 0 })) == .valid)
        #expect(verdict([0] + content) == .invalid(.malformed))
        #expect(verdict([]) == .invalid(.mismatch))
    }

    @Test func refusesECDSANumbersThatAreZeroNegativeOrTooLong() throws {
        let (_, key) = try Self.makeKey("-t ecdsa -b 256")
        func verdict(_ r: [UInt8], _ s: [UInt8], _ rest: [UInt8] = []) -> SignatureVerdict {
            var writer = WireWriter()
            writer.writeString(r)
            writer.writeString(s)
            writer.writeBytes(rest)
            return key.publicKey.verify(
                signature: Self.blob("ecdsa-sha2-nistp256", writer.bytes)[...],
                data: Self.message[...], algorithm: .ecdsaP256)
        }
        #expect(verdict([], []) == .invalid(.mismatch))
        #expect(verdict([1], [1]) == .invalid(.mismatch))
        #expect(verdict([0x80], [1]) == .invalid(.malformed))
        #expect(verdict([UInt8](repeating: 1, count: 34), [1]) == .invalid(.malformed))
        #expect(verdict([1], [1], [0]) == .invalid(.malformed))
        // The order of the group and one more: equal to 0 and 1, but not in range.
        let order = hex("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        #expect(verdict(order, order) == .invalid(.mismatch))
    }

    @Test func refusesEd25519SignaturesWithAScalarThatIsNotReduced() throws {
        // RFC 8032 section 5.1.7 demands s below the order L; adding L would give a second signature.
        let (_, key) = try Self.makeKey("-t ed25519")
        var signature = try key.sign(Self.message[...], algorithm: .ed25519)
        let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var carry = 0
        let start = signature.count - 32
        for index in 0..<32 {
            let sum = Int(signature[start + index]) + Int(order[index]) + carry
            signature[start + index] = UInt8(sum & 0xFF)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(
            key.publicKey.verify(
                signature: signature[...], data: Self.message[...], algorithm: .ed25519)
                == .invalid(.mismatch))
    }
}

/// Signatures by security keys: an ordinary key plays one, as PROTOCOL.u2f describes it.
@Suite struct SecurityKeySignatureTests {
    @Test(arguments: [SignatureAlgorithm.securityKeyEd25519, .securityKeyECDSA])
    func coverApplicationFlagsCounterAndData(_ algorithm: SignatureAlgorithm) throws {
        let tools = OpenSSHTools()
        tools.makeKey(algorithm == .securityKeyEd25519 ? "-t ed25519" : "-t ecdsa -b 256")
        let file = tools.read("key")
        let inner = try PrivateKeyFile(file.span).privateKey()
        var fields = WireReader(inner.publicKey.blob)
        _ = try fields.readString()
        var blob = WireWriter()
        blob.writeString(algorithm.rawValue)
        blob.writeBytes(fields.readRemaining())
        blob.writeString("ssh:")
        let key = try PublicKey(blob: blob.bytes[...])
        #expect(key.type.isSecurityKey)

        let use: [UInt8] = [1, 0, 0, 0, 9]
        let sha256 = HashAlgorithm.sha256
        func signature(application: String = "ssh:", use signed: [UInt8], data: Bytes) throws
            -> [UInt8]
        {
            let content =
                sha256.digest(of: Bytes(application.utf8)) + signed + sha256.digest(of: data)
            let made = try inner.sign(
                content[...],
                algorithm: try #require(inner.publicKey.type.signatureAlgorithms.first))
            var reader = WireReader(made)
            _ = try reader.readString()
            var writer = WireWriter()
            writer.writeString(algorithm.rawValue)
            writer.writeString(try reader.readString())
            writer.writeBytes(use)
            return writer.bytes
        }
        func verdict(_ signature: [UInt8]) -> SignatureVerdict {
            key.verify(signature: signature[...], data: [1, 2, 3], algorithm: algorithm)
        }
        let good = try signature(use: use, data: [1, 2, 3])
        #expect(verdict(good) == .valid)
        #expect(verdict(Array(good.dropLast())) == .invalid(.malformed))
        #expect(verdict(good + [0]) == .invalid(.malformed))
        #expect(
            try verdict(signature(use: [0, 0, 0, 0, 9], data: [1, 2, 3])) == .invalid(.mismatch))
        #expect(try verdict(signature(use: use, data: [1, 2])) == .invalid(.mismatch))
        #expect(
            try verdict(signature(application: "other:", use: use, data: [1, 2, 3]))
                == .invalid(.mismatch))
    }
}

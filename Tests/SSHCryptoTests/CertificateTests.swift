// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@Suite struct CertificateTests {
    /// Makes `key`, `ca` and a certificate.
    private static func make(
        _ arguments: String, key: String = "-t ed25519", authority: String = "-t ed25519"
    ) throws -> (OpenSSHTools, Certificate) {
        let tools = OpenSSHTools()
        tools.makeKey(key)
        _ = tools.run("ssh-keygen -q \(authority) -N '' -f ca")
        _ = tools.run("ssh-keygen -q -s ca \(arguments) key.pub")
        return (tools, try certificate(tools.read("key-cert.pub")))
    }

    private static func certificate(_ file: [UInt8]) throws -> Certificate {
        let content = try PublicKeyFile(file[...])
        #expect(content.comment == "a comment")
        guard case .certificate(let certificate) = content.content else {
            throw KeyError.unsupportedType
        }
        return certificate
    }

    @Test(arguments: keyKinds, ["-t ed25519", "-t ecdsa -b 521", "-t rsa -b 2048"])
    func readsTheCertificatesThatSSHKeygenMakes(_ kind: String, _ authority: String) throws {
        let (tools, certificate) = try Self.make(
            "-I 'the id' -h -n host.example,*.example -z 12345 -V 20260101000000Z:20270101000000Z",
            key: kind, authority: authority)
        #expect(try certificate.publicKey.blob == tools.publicBlob())
        #expect(certificate.kind == .host)
        #expect(certificate.keyID == "the id")
        #expect(certificate.principals == ["host.example", "*.example"])
        #expect(certificate.serial == 12345)
        #expect(certificate.validAfter == 1_767_225_600)
        #expect(certificate.validBefore == 1_798_761_600)
        #expect(certificate.criticalOptions.isEmpty && certificate.extensions.isEmpty)
        let ca = try PublicKeyFile(tools.read("ca.pub")[...])
        #expect(certificate.authority == ca.key)
        #expect(
            certificate.signatureAlgorithm
                == (ca.key.type == .rsa ? .rsaSHA512 : ca.key.type.signatureAlgorithms[0]))
    }

    @Test func readsOptionsAndExtensions() throws {
        let (_, certificate) = try Self.make(
            "-I id -n me -O force-command=/bin/true -O source-address=10.0.0.0/8 -O no-pty")
        #expect(certificate.kind == .user)
        #expect(certificate.criticalOptions.map(\.name) == ["force-command", "source-address"])
        var command = WireReader(certificate.criticalOptions[0].data)
        #expect(try command.readUTF8String() == "/bin/true")
        #expect(certificate.extensions.map(\.name).contains("permit-port-forwarding"))
        #expect(!certificate.extensions.map(\.name).contains("permit-pty"))
        #expect(certificate.validAfter == 0 && certificate.validBefore == .max)
    }

    @Test func everyChangeAndTruncationIsAnError() throws {
        let (_, certificate) = try Self.make("-I id -n me")
        let blob = certificate.blob
        for index in blob.indices {
            var changed = blob
            changed[index] ^= 1
            #expect(throws: KeyError.self) { try Certificate(blob: changed[...]) }
            #expect(throws: KeyError.self) { try Certificate(blob: blob[..<index]) }
        }
        #expect(throws: KeyError.wire(.trailingBytes(1))) {
            try Certificate(blob: (blob + [0])[...])
        }
        #expect(throws: KeyError.unsupportedType) { try PublicKey(blob: blob[...]) }
    }

    @Test func refusesTooManyPrincipals() throws {
        let names = (0..<256).map { "n\($0)" }.joined(separator: ",")
        let (tools, certificate) = try Self.make("-I id -n \(names)")
        #expect(certificate.principals.count == 256)
        // ssh-keygen refuses to make one with more.
        let ca = tools.read("ca")
        let authority = try PrivateKeyFile(ca.span).privateKey()
        let more = try Self.certificate(certificate, by: authority) { writer in
            for number in 0..<257 { writer.writeString("n\(number)") }
        }
        #expect(throws: KeyError.self) { try Certificate(blob: more[...]) }
        let fewer = try Self.certificate(certificate, by: authority) { $0.writeString("me") }
        #expect(try Certificate(blob: fewer[...]).principals == ["me"])
    }

    /// Another certificate for an Ed25519 key.
    private static func certificate(
        _ model: Certificate, by authority: PrivateKey, kind: UInt32 = 2,
        principals: (inout WireWriter) -> Void
    ) throws -> [UInt8] {
        var reader = WireReader(model.publicKey.blob)
        _ = try reader.readString()
        var writer = WireWriter()
        writer.writeString("ssh-ed25519-cert-v01@openssh.com")
        writer.writeString("nonce")
        writer.writeBytes(reader.readRemaining())
        writer.write(UInt64(1))
        writer.write(kind)
        writer.writeString("id")
        var names = WireWriter()
        principals(&names)
        writer.writeString(names.bytes)
        writer.write(UInt64(0))
        writer.write(UInt64.max)
        for _ in 0..<3 { writer.writeString("") }
        writer.writeString(authority.publicKey.blob)
        writer.writeString(try authority.sign(writer.bytes[...], algorithm: .ed25519))
        return writer.bytes
    }

    @Test func refusesCertificatesForNeitherUsersNorHosts() throws {
        let (tools, certificate) = try Self.make("-I id -n me")
        let ca = tools.read("ca")
        let authority = try PrivateKeyFile(ca.span).privateKey()
        for kind in [0, 3, .max] as [UInt32] {
            let other = try Self.certificate(certificate, by: authority, kind: kind) { _ in }
            #expect(throws: KeyError.self) { try Certificate(blob: other[...]) }
        }
    }

    @Test func aHostsCertificateMustBeAHostsNowForItsNameAndWithoutConditions() throws {
        func fault(
            _ arguments: String, at time: UInt64 = 1_780_000_000,
            algorithms: [SignatureAlgorithm] = SignatureAlgorithm.standard,
            authority: String = "-t ed25519"
        ) throws -> CertificateFault? {
            let (_, certificate) = try Self.make("-I id \(arguments)", authority: authority)
            return certificate.faultAsHost(at: time, signatureAlgorithms: algorithms) {
                $0 == "host.example"
            }
        }
        let valid = "-V 20260101000000Z:20270101000000Z"
        #expect(try fault("-h -n a,host.example \(valid)") == nil)
        #expect(try fault("-n host.example") == .wrongKind)
        #expect(try fault("-h -n host.example \(valid)", at: 1_767_225_599) == .notYetValid)
        #expect(try fault("-h -n host.example \(valid)", at: 1_767_225_600) == nil)
        #expect(try fault("-h -n host.example \(valid)", at: 1_798_761_599) == nil)
        #expect(try fault("-h -n host.example \(valid)", at: 1_798_761_600) == .expired)
        #expect(try fault("-h -n other.example") == .wrongPrincipal)
        #expect(try fault("-h") == .noPrincipals)
        #expect(try fault("-h -n host.example -O critical:x=y") == .criticalOptions)
        #expect(try fault("-h -n host.example -O extension:x=y") == nil)
        let rsa = "-t rsa -b 2048"
        #expect(
            try fault("-t ssh-rsa -h -n host.example", authority: rsa)
                == .signatureAlgorithm(.rsaSHA1))
        #expect(
            try fault("-h -n host.example", algorithms: [.ed25519], authority: rsa)
                == .signatureAlgorithm(.rsaSHA512))
    }
}

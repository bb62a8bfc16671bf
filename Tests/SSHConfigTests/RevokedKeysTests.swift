// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import Testing
import Wire

/// Lists of revoked keys, made and asked by ssh-keygen too.
@Suite struct RevokedKeysTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["ca", "other-ca", "a", "b", "c"] {
            try keygen("-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path(name))
        }
        for (key, authority, serial) in [
            ("a", "ca", "5"), ("b", "ca", "0"), ("c", "other-ca", "5"),
        ] {
            try keygen(
                "-q", "-s", path(authority), "-I", "id of \(key)", "-h", "-n", "host", "-z", serial,
                path(key + ".pub"))
        }
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    @discardableResult
    private func keygen(_ arguments: String...) throws -> Int32 {
        try run(["/usr/bin/ssh-keygen"] + arguments).status
    }

    private func read(_ name: String) throws -> Bytes { try #require(readFile(path(name)))[...] }

    private func certificate(_ name: String) throws -> Certificate {
        guard
            case .certificate(let certificate) = try PublicKeyFile(read("\(name)-cert.pub")).content
        else { throw KeyError.unsupportedType }
        return certificate
    }

    /// Which of the three keys, as they are and in their certificates, a list revokes.
    private func revoked(_ list: RevokedKeys) throws -> [String] {
        try ["a", "b", "c"].flatMap { name in
            let certificate = try certificate(name)
            let isRevoked = list.contains(certificate.publicKey)
            let isCertificateRevoked = list.contains(
                certificate.publicKey, certificate: certificate)
            return (isRevoked ? [name] : []) + (isCertificateRevoked ? [name + "-cert"] : [])
        }
    }

    /// The same by ssh-keygen.
    private func revokedByOpenSSH() throws -> [String] {
        try ["a", "b", "c"].flatMap { name in
            try [name, name + "-cert"].filter {
                try keygen("-Q", "-f", path("krl"), path($0 + ".pub")) != 0
            }
        }
    }

    @Test(arguments: [
        ("", []), ("serial: 5", ["a-cert"]), ("serial: 1-4", []), ("serial: 1-9", ["a-cert"]),
        ("serial: 3\nserial: 5\nserial: 8\nserial: 9", ["a-cert"]),
        ("serial: 1\nserial: 3\nserial: 6\nserial: 8\nserial: 10\nserial: 4", []),
        ("id: id of b", ["b-cert"]), ("id: id of", []),
        ("serial: 5\nid: id of b", ["a-cert", "b-cert"]),
    ])
    func revokesCertificatesOfOneAuthority(_ specification: String, _ expected: [String]) throws {
        try folder.write("spec", specification + "\n")
        try keygen("-q", "-k", "-s", path("ca.pub"), "-f", path("krl"), path("spec"))
        let list = try RevokedKeys(read("krl"), path: "krl")
        #expect(try revoked(list) == expected)
        #expect(try revokedByOpenSSH() == expected)
    }

    @Test(arguments: ["", "key: ", "sha1: ", "sha256: "])
    func revokesKeysAndTheirCertificates(_ prefix: String) throws {
        var arguments = ["-q", "-k", "-f", path("krl")]
        if prefix.isEmpty {
            arguments += [path("a.pub"), path("c.pub")]
        } else {
            let lines = try ["a", "c"].map {
                prefix + String(decoding: try read($0 + ".pub"), as: UTF8.self)
            }
            try folder.write("spec", lines.joined())
            arguments.append(path("spec"))
        }
        #expect(try run(["/usr/bin/ssh-keygen"] + arguments).status == 0)
        let list = try RevokedKeys(read("krl"), path: "krl")
        let expected = ["a", "a-cert", "c", "c-cert"]
        #expect(try revoked(list) == expected)
        #expect(try revokedByOpenSSH() == expected)
    }

    @Test func revokesAnAuthorityAndWhatItSigned() throws {
        try keygen("-q", "-k", "-f", path("krl"), path("ca.pub"))
        let list = try RevokedKeys(read("krl"), path: "krl")
        #expect(try revoked(list) == ["a-cert", "b-cert"])
        #expect(try revokedByOpenSSH() == ["a-cert", "b-cert"])
        let text = "# authorities\n\n" + String(decoding: try read("ca.pub"), as: UTF8.self)
        let plain = try RevokedKeys(Bytes(text.utf8), path: "text")
        #expect(try revoked(plain) == ["a-cert", "b-cert"])
    }

    @Test func takesSignaturesAndExtensionsThatAreNotCritical() throws {
        try keygen("-q", "-k", "-f", path("krl"), path("a.pub"))
        func list(_ write: (inout WireWriter) -> Void) throws -> [String] {
            var writer = WireWriter(appendingTo: Array(try read("krl")))
            write(&writer)
            return try revoked(try RevokedKeys(writer.bytes[...], path: "krl"))
        }
        func addExtension(_ writer: inout WireWriter, isCritical: Bool) {
            var content = WireWriter()
            content.writeString("name@example.com")
            content.write(isCritical)
            content.writeString("anything")
            writer.write(UInt8(255))
            writer.writeString(content.bytes)
        }
        func sign(_ writer: inout WireWriter) {
            writer.write(UInt8(4))
            writer.writeString("key")
            writer.writeString("signature")
        }
        #expect(try list { addExtension(&$0, isCritical: false) } == ["a", "a-cert"])
        #expect(
            try list {
                sign(&$0)
                sign(&$0)
            } == ["a", "a-cert"])
        #expect(throws: SSHConfigError.self) { try list { addExtension(&$0, isCritical: true) } }
        #expect(throws: SSHConfigError.self) { try list { $0.write(UInt8(6)) } }
        #expect(throws: SSHConfigError.self) {
            try list {
                sign(&$0)
                addExtension(&$0, isCritical: false)
            }
        }
    }

    @Test func aTruncatedListIsAnError() throws {
        try folder.write("spec", "serial: 1\nserial: 3-70\nserial: 90\nid: x\n")
        try keygen("-q", "-k", "-s", path("ca.pub"), "-f", path("krl"), path("spec"), path("a.pub"))
        let content = try read("krl")
        // Where a section ends, so may the list.
        var whole = 0
        for count in 1..<content.count {
            if (try? RevokedKeys(content[..<count], path: "krl")) != nil { whole += 1 }
        }
        #expect(whole <= 2)
    }

    @Test(arguments: ["ssh-ed25519", "ssh-ed25519 !!!", "x y z", "\u{0}\u{1}"])
    func aTextListThatCannotBeReadIsAnErrorWithItsLine(_ line: String) {
        let error = #expect(throws: SSHConfigError.self) {
            try RevokedKeys(Bytes("# keys\n\(line)\n".utf8), path: "list")
        }
        #expect(error?.location == ConfigurationLocation(file: "list", line: 2))
    }
}

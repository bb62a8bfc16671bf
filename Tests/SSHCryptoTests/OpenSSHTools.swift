// SPDX-License-Identifier: Apache-2.0

import Glibc
import SSHCrypto
import Testing
import Wire

/// A folder of a test's own that goes away with it, and OpenSSH's tools at work in there.
final class OpenSSHTools {
    let folder: String

    init() {
        let (status, output) = Self.run("mktemp -d")
        precondition(status == 0, "no temporary folder")
        folder = String(decoding: output.dropLast(), as: UTF8.self)
    }

    deinit {
        _ = Self.run("rm -rf '\(folder)'")
    }

    /// Runs a shell command in the folder.
    ///
    /// - Returns: what it wrote.
    func run(_ command: String, sourceLocation: SourceLocation = #_sourceLocation) -> [UInt8] {
        let (status, output) = Self.run("cd '\(folder)' && {\n\(command)\n} 2>&1")
        #expect(
            status == 0, "\(command): \(String(decoding: output, as: UTF8.self))",
            sourceLocation: sourceLocation)
        return output
    }

    func read(_ name: String) -> [UInt8] {
        run("cat '\(name)'")
    }

    func write(_ content: some StringProtocol, to name: String) {
        _ = run("cat >'\(name)' <<'EOF'\n\(content)\nEOF")
    }

    /// Makes a key pair in the files `key` and `key.pub`.
    func makeKey(_ arguments: String, passphrase: String = "") {
        _ = run("ssh-keygen -q \(arguments) -N '\(passphrase)' -C 'a comment' -f key")
    }

    /// The blob of the public key in the file `key.pub`.
    func publicBlob() throws -> [UInt8] {
        let fields = read("key.pub").split(separator: UInt8(ascii: " "))
        return try Base64.decode(try #require(fields.dropFirst().first))
    }

    private static func run(_ command: String) -> (status: Int32, output: [UInt8]) {
        guard let stream = unsafe popen(command, "r") else { return (255, []) }
        var output: [UInt8] = []
        while true {
            let byte = unsafe fgetc(stream)
            if byte == EOF { break }
            output.append(UInt8(truncatingIfNeeded: byte))
        }
        return (unsafe pclose(stream), output)
    }
}

/// The arguments of `ssh-keygen` for every kind of key that we know.
let keyKinds = [
    "-t ed25519", "-t ecdsa -b 256", "-t ecdsa -b 384", "-t ecdsa -b 521", "-t rsa -b 1024",
    "-t rsa -b 3072",
]

/// OpenSSH's signatures of files (PROTOCOL.sshsig), by which its tools check and make signatures.
enum FileSignature {
    static let namespace = "hawser-test"

    /// What is signed for a message.
    static func signedData(_ message: [UInt8]) -> [UInt8] {
        var writer = WireWriter()
        writer.writeBytes("SSHSIG".utf8)
        writer.writeString(namespace)
        writer.writeString("")
        writer.writeString("sha512")
        writer.writeString(HashAlgorithm.sha512.digest(of: message[...]))
        return writer.bytes
    }

    /// The file that holds a signature.
    static func file(publicKey: PublicKey, signature: [UInt8]) -> String {
        var writer = WireWriter()
        writer.writeBytes("SSHSIG".utf8)
        writer.write(UInt32(1))
        writer.writeString(publicKey.blob)
        writer.writeString(namespace)
        writer.writeString("")
        writer.writeString("sha512")
        writer.writeString(signature)
        let text = Base64.encode(writer.bytes)
        var lines = ["-----BEGIN SSH SIGNATURE-----"]
        var rest = Substring(text)
        while !rest.isEmpty {
            lines.append(String(rest.prefix(70)))
            rest = rest.dropFirst(70)
        }
        return (lines + ["-----END SSH SIGNATURE-----"]).joined(separator: "\n")
    }

    /// The public key and the signature in a file.
    static func parse(_ file: [UInt8]) throws -> (publicBlob: Bytes, signature: Bytes) {
        let lines = file.split(separator: UInt8(ascii: "\n")).dropFirst().dropLast()
        var reader = WireReader(try Base64.decode(Array(lines.joined())))
        _ = try reader.readBytes(6)
        _ = try reader.readUInt32()
        let publicBlob = try reader.readString()
        for _ in 0..<3 { _ = try reader.readString() }
        return (publicBlob, try reader.readString())
    }
}

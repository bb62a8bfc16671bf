// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SFTPProtocol
import SFTPServer
public import SSHCrypto
public import Wire

/// A file with a server's host key.
public enum HostKeyFile {
    /// Why there is no host key; one line for a person.
    public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        /// The file, and what is wrong with it.
        public let description: String

        init(_ path: Bytes, _ reason: String) {
            description = "\(ServerLog.escaped(path)): \(reason)"
        }
    }

    /// The largest private key file that makes sense, in bytes: an RSA key of 16,384 bits takes 13,000.
    private static let fileBytes = 64 << 10

    /// Reads a host key; nobody else may read or change its file.
    public static func read(_ path: Bytes) throws(Problem) -> PrivateKey {
        do {
            let content = try GuardedFile.read(path, limit: fileBytes, isSecret: true)
            let file = try PrivateKeyFile(content.span)
            if file.isEncrypted { throw Problem(path, "it is encrypted") }
            return try file.privateKey()
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(path, "\(error)")
        }
    }

    /// Reads a host key, or makes an Ed25519 key where there is no file yet.
    ///
    /// The file is its user's alone. Of several servers that start at once, all get the same key.
    public static func readOrMake(_ path: Bytes) throws(Problem) -> PrivateKey {
        if exists(path) { return try read(path) }
        do {
            try make(path)
        } catch let errno as Errno where errno == .EEXIST {
            // Another server was faster.
        } catch {
            throw Problem(path, "\(error)")
        }
        return try read(path)
    }

    private static func exists(_ path: Bytes) -> Bool {
        (try? LocalFiles.status(of: path, followingLink: true)) != nil
    }

    private static let permissions: UInt32 = 0o600

    /// Makes the file beside its place, and gives it its name once it is whole.
    private static func make(_ path: Bytes) throws {
        let key = try PrivateKey.makeEd25519(
            seed: SecureRandom.secret(PrivateKey.ed25519SeedBytes), comment: "hawser serve")
        let check = SecureRandom.bytes(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let content = key.openSSHFile(check: check)
        let suffix = SecureRandom.bytes(8).map { String($0, radix: 16) }.joined()
        let draft = path + Array(".\(suffix)".utf8)
        let file = try LocalFile(
            opening: draft, flags: [.write, .create, .exclusive], permissions: permissions)
        defer { try? LocalFiles.remove(draft) }
        var bytes = content.withSpan { content in content.indices.map { content[$0] } }
        defer { wipe(&bytes) }
        try file.write([bytes[...]], at: 0)
        try file.synchronize()
        try LocalFiles.link(draft, to: path)
    }
}

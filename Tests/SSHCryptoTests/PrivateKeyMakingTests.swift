// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@Suite struct PrivateKeyMakingTests {
    private func key(_ seed: [UInt8], comment: String) throws -> PrivateKey {
        try PrivateKey.makeEd25519(seed: SecretBytes(copying: seed), comment: comment)
    }

    /// RFC 8032 section 7.1, test 2.
    @Test func theSeedDecidesTheKey() throws {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
        let point = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        func bytes(_ text: String) -> [UInt8] {
            stride(from: 0, to: text.count, by: 2).compactMap { offset in
                UInt8(text.dropFirst(offset).prefix(2), radix: 16)
            }
        }
        let key = try key(bytes(seed), comment: "")
        #expect(Array(key.publicKey.blob.suffix(32)) == bytes(point))
    }

    /// Comments of all lengths, so that the padding has all of its own.
    @Test func whatIsWrittenIsReadAgain() throws {
        for length in 0...16 {
            let comment = String(repeating: "c", count: length)
            let key = try key([UInt8](repeating: 7, count: 32), comment: comment)
            let file = try key.openSSHFile(check: 0x0102_0304).withSpan {
                content throws(KeyError) in
                try PrivateKeyFile(content)
            }
            let read = try file.privateKey()
            #expect(read.publicKey == key.publicKey)
            #expect(read.comment == comment)
            #expect(!file.isEncrypted)
        }
    }

    @Test func sshKeygenReadsIt() throws {
        let tools = OpenSSHTools()
        let key = try key(SecureRandom.bytes(32), comment: "who made it")
        let text = key.openSSHFile(check: 5).withSpan { content in
            String(decoding: content.indices.dropLast().map { content[$0] }, as: UTF8.self)
        }
        tools.write(text, to: "key")
        let line = String(decoding: tools.run("chmod 600 key; ssh-keygen -y -f key"), as: UTF8.self)
        #expect(line == "ssh-ed25519 \(Base64.encode(key.publicKey.blob)) who made it\n")
    }
}

// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@Suite struct PublicKeyFileTests {
    private static let line = Array(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB3LOCX3SFBHNH4PT5g9/GUDIFggvJDNfWDOJ2/J2tya".utf8)

    private static func read(_ text: String) throws(KeyError) -> PublicKeyFile {
        try PublicKeyFile(Bytes(text.utf8))
    }

    @Test(arguments: ["\n", "\r\n", "", " \n", " me@here\n", "\tme@here  \r\nmore\n"])
    func readsTheFirstKey(_ end: String) throws {
        for start in ["", "  ", "# a comment\n\n", "\n\t"] {
            let file = try Self.read(start + String(decoding: Self.line, as: UTF8.self) + end)
            #expect(file.key.type == .ed25519)
            #expect(file.comment == (end.contains("me") ? "me@here" : ""))
        }
    }

    @Test(arguments: [
        "", "\n\n", "# only a comment", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 !", "\u{0}",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIB3LOCX3SFBHNH4PT5g9/GUDIFggvJDNfWDOJ2/J2tya",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n",
    ])
    func refusesWhatIsNoKey(_ text: String) {
        #expect(throws: KeyError.self) { try Self.read(text) }
    }

    @Test func everyTruncationIsAnError() {
        for count in 0..<Self.line.count {
            #expect(throws: KeyError.self) { try PublicKeyFile(Self.line[..<count]) }
        }
    }
}

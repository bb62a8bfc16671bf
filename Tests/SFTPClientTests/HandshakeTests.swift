// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Testing
import Wire

@Suite struct HandshakeTests {
    /// Opens a client over a channel on which `script` serves, and tells why that fails.
    private func failure(
        _ script: @escaping @Sendable (ScriptedServer) async throws -> Void
    ) throws -> SFTPError? {
        try simulate(server: script) { channel, loop in
            await #expect(throws: SFTPError.self) {
                try await SFTPClient.open(over: channel, loop: loop)
            }
        }
    }

    private func limits(_ reply: SFTPReply) throws -> TransferLimits {
        try simulate(extensions: [.limits]) { server in
            try await server.answerNext(reply)
        } client: { client, _ in
            client.limits
        }
    }

    @Test func bearsWithAHigherVersion() throws {
        try simulate { server in
            try await server.welcome(version: 6)
        } channel: { channel, loop in
            let client = try await SFTPClient.open(over: channel, loop: loop)
            #expect(client.extensions.isEmpty)
        }
    }

    @Test func rejectsALowerVersion() throws {
        let error = try failure { try await $0.welcome(version: 2) }
        #expect(
            error == .protocolViolation(reason: "the server speaks version 2 of SFTP, not 3"))
    }

    @Test(arguments: [
        "Welcome to \u{1B}[31mhost\n", "hi\n", "/bin/sh: sftp-server: not found",
        String(repeating: "All work and no play\n", count: 20_000),
    ])
    func quotesTheTextThatAShellPrints(text: String) throws {
        let error = try failure { server in
            try await server.send(raw: Bytes(stringLiteral: text))
            try await server.welcome()
        }
        guard case .protocolViolation(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.hasPrefix("the server's shell prints text where SFTP should start: \""))
        #expect(reason.contains(text.prefix(2)))
        #expect(reason.count < 400)
        #expect(reason.allSatisfy { $0.isASCII && !$0.isNewline && $0 != "\u{1B}" })
    }

    @Test func quotesTextEvenIfItIsTooShortForALength() throws {
        let error = try failure { server in
            try await server.send(raw: "no!")
            try await server.end()
        }
        #expect(error?.description.contains("\"no!\"") == true)
    }

    @Test func rejectsAnotherFirstPacket() throws {
        let error = try failure { try await $0.send(.status(.ok), to: 7) }
        #expect(
            error?.description.contains("does not start with VERSION but with \"\\x00\\x00") == true
        )
    }

    @Test func rejectsMoreExtensionsThanAnyServerHas() throws {
        let error = try failure { server in
            try await server.welcome(
                extensions: Array(repeating: .fsync, count: ClientLimits.extensions + 1))
        }
        #expect(error == .protocolViolation(reason: "VERSION with 257 extensions"))
    }

    @Test func extensionsCountOnlyInTheVersionWeSpeak() throws {
        let odd = SFTPVersion(extensions: [
            .init(name: "fsync@openssh.com", data: "2"),
            .init(name: "statvfs@openssh.com", data: "2"),
            .init(name: "\u{1}", data: []),
        ])
        try simulate { server in
            try await server.send(raw: SFTPServerMessage.version(odd).encode()[0])
            try await server.ignoreTheRest()
        } channel: { channel, loop in
            let client = try await SFTPClient.open(over: channel, loop: loop)
            #expect(client.extensions == [.statvfs])
            let handle = SFTPHandle.any
            await #expect(throws: SFTPError.unsupported(.fsync)) { try await client.fsync(handle) }
        }
    }

    @Test func saysThatNothingCame() throws {
        let error = try failure { try await $0.end() }
        #expect(
            error
                == .connectionLost(
                    reason: "the server closed the connection before it sent anything"))
    }

    @Test func theStreamMayEndAtAnyByte() throws {
        let version = SFTPServerMessage.version(
            SFTPVersion(extensions: [.init(.limits), .init(.fsync)]))
        let limits = ServerLimits(
            maxPacketLength: 65536, maxReadLength: 32768, maxWriteLength: 32768, maxOpenHandles: 9)
        let stream = (version.encode() + limits.reply.encode(id: 0)).joined()
        for count in 0..<stream.count {
            let error = try failure { server in
                try await server.send(raw: Bytes(stream.prefix(count)))
                try await server.end()
            }
            #expect(error?.endsConnection == true, "after \(count) bytes")
        }
    }

    @Test func packetsMayComeByteByByte() throws {
        let limits = ServerLimits(
            maxPacketLength: 0, maxReadLength: 100_000, maxWriteLength: 0, maxOpenHandles: 0)
        try simulate(extensions: [.limits], readLimit: 1) { server in
            try await server.answerNext(limits.reply)
            try await server.answerNext(.attributes(FileAttributes(size: 5)))
        } client: { client, _ in
            #expect(client.limits.readBytes == 100_000)
            #expect(client.limits.writeBytes == SFTPLimits.assumedTransferBytes)
            let attributes = try await client.lstat("x")
            #expect(attributes.size == 5)
        }
    }

    @Test func limitsStayWithinWhatWeCanDo() throws {
        func limits(_ packet: UInt64, _ read: UInt64, _ write: UInt64) throws -> [Int?] {
            let limits = try self.limits(
                ServerLimits(
                    maxPacketLength: packet, maxReadLength: read, maxWriteLength: write,
                    maxOpenHandles: .max
                ).reply)
            return [limits.readBytes, limits.writeBytes, limits.openHandles]
        }
        #expect(try limits(262_144, 261_120, 261_120) == [261_120, 261_120, .max])
        #expect(try limits(.max, .max, .max) == [261_120, 261_120, .max])
        #expect(try limits(34_000, .max, .max) == [32_976, 32_976, .max])
        #expect(try limits(0, 1, 50_000) == [1024, 50_000, .max])
    }

    @Test func aServerMayRefuseToTellItsLimits() throws {
        let limits = try limits(.status(.failure))
        #expect(limits.readBytes == 32_768)
        #expect(limits.openHandles == nil)
    }

    @Test func rejectsLimitsThatAreNone() {
        for reply: SFTPReply in [.extended([1, 2, 3]), .data([[1]]), .status(.ok)] {
            let error = #expect(throws: SFTPError.self) { try limits(reply) }
            #expect(error?.endsConnection == true)
        }
    }

    @Test func openingCanBeCancelled() throws {
        try simulate { server in
            try await server.ignoreTheRest()
        } channel: { channel, loop in
            let start = loop.now
            await #expect(throws: TimeoutError.self) {
                try await loop.withTimeout(.seconds(30)) {
                    try await SFTPClient.open(over: channel, loop: loop)
                }
            }
            #expect(loop.now - start == .seconds(30))
            let rest = try await channel.read()
            #expect(rest == nil, "the channel is to be closed")
        }
    }
}

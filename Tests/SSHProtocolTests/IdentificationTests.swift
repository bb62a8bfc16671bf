// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHProtocol

@Suite struct IdentificationTests {
    /// Reads a text, in pieces of `chunk` bytes.
    private func read(
        _ text: String, as role: Role = .client, chunk: Int = .max
    ) throws -> String? {
        var reader = IdentificationReader(role: role)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: min(chunk, bytes.count)) {
            var piece = bytes[start...].prefix(chunk)
            if let line = try reader.receive(&piece) {
                return String(decoding: line, as: UTF8.self)
            }
        }
        return nil
    }

    private func refuses(_ text: String, as role: Role = .client) -> Bool {
        do {
            _ = try read(text, as: role)
            return false
        } catch {
            return (error as? SSHError)?.code == .versionExchangeFailed
        }
    }

    @Test(arguments: ["\r\n", "\n"]) func takesEitherLineEnd(end: String) throws {
        #expect(try read("SSH-2.0-OpenSSH_9.2 Debian" + end) == "SSH-2.0-OpenSSH_9.2 Debian")
    }

    @Test func takesServersThatAlsoSpeakTheFirstVersion() throws {
        #expect(try read("SSH-1.99-x\r\n") == "SSH-1.99-x")
    }

    @Test func leavesWhatFollows() throws {
        var reader = IdentificationReader(role: .client)
        var input = Bytes("SSH-2.0-x\r\nrest".utf8)
        _ = try reader.receive(&input)
        #expect(input.elementsEqual("rest".utf8))
    }

    @Test func givesTheSameForPiecesOfAnySize() throws {
        for chunk in 1...40 {
            #expect(try read("hello\r\n\nworld\nSSH-2.0-a b\r\n", chunk: chunk) == "SSH-2.0-a b")
        }
    }

    @Test(arguments: [
        "SSH-1.5-x\n", "SSH-2.0\n", "SSH-2.0-\r\n", "SSH-3.0-x\n", "SSH-2.0-a\rb\n", "SSH-\n",
        "SSH-2.0-a\0\n", "\0\n",
    ]) func refuses(line: String) {
        #expect(refuses(line))
    }

    @Test func takesAsManyLinesBeforeAsOpenSSH() throws {
        let lines = String(repeating: "line\r\n", count: SSHLimits.linesBeforeIdentification)
        #expect(try read(lines + "SSH-2.0-x\r\n") == "SSH-2.0-x")
        #expect(refuses(lines + "line\r\n"))
    }

    @Test func takesLinesAsLongAsOpenSSH() throws {
        let longest = String(repeating: "x", count: SSHLimits.identificationLineBytes)
        #expect(try read(longest + "\r\nSSH-2.0-x\r\n") == "SSH-2.0-x")
        #expect(refuses(longest + "xx"))
    }

    @Test func aServerTakesNoLinesBefore() {
        #expect(refuses("hello\r\nSSH-2.0-x\r\n", as: .server))
    }

    @Test func aServerThatNeverEndsItsLineIsLeft() {
        let random = SeededRandom(seed: 1)
        var connection = SSHClientConnection(
            configuration: SSHClientConfiguration(user: "u"), now: .zero,
            random: { random.bytes($0) })
        let piece = Bytes(repeating: 0x78, count: 1000)
        for _ in 0..<9 { connection.receive(piece, now: .zero) }
        guard case .disconnected(let error)? = connection.nextEvent() else {
            Issue.record("still waiting")
            return
        }
        #expect(error.code == .versionExchangeFailed)
        // It is not known to understand packets: nothing but our first two messages is sent.
        let output = connection.takeOutput(maximum: 1 << 20, now: .zero)
        #expect(output.starts(with: "SSH-2.0-Hawser\r\n".utf8))
    }
}

// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import Testing
import Wire

@testable import MountControl

/// A mount's socket in a directory of its own, and those who ask there.
@Suite struct ControlSocketTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var socket: ControlSocket {
        var socket = ControlSocket(device: "0:53", user: geteuid())
        socket.testDirectory = "\(directory.path)/hawser"
        return socket
    }

    private func onLoop(
        _ body: @escaping @Sendable (EpollLoop, ControlSocket) async throws -> Void
    ) throws {
        let loop = try EpollLoop()
        let socket = socket
        try loop.run { try await body(loop, socket) }
    }

    @Test func answersWhatIsAsked() throws {
        try onLoop { loop, socket in
            let server = try ControlServer(socket, loop: loop) { .success("you said \($0)") }
            let reply = try await ControlClient(socket, loop: loop).ask("status", patience: nil)
            #expect(reply == .success("you said status"))
            await server.stop()
        }
    }

    @Test func tellsThatItFailed() throws {
        try onLoop { loop, socket in
            let server = try ControlServer(socket, loop: loop) { _ in .failure("a\nb") }
            let reply = try await ControlClient(socket, loop: loop).ask("x", patience: nil)
            #expect(reply == .failure("a\nb"))
            await server.stop()
        }
    }

    @Test func saysSoWhereNobodyAnswers() throws {
        try onLoop { loop, socket in
            await #expect(throws: ControlError.self) {
                try await ControlClient(socket, loop: loop).ask("status", patience: nil)
            }
            let server = try ControlServer(socket, loop: loop) { _ in .success() }
            await server.stop()
            await #expect(
                throws: ControlError.unreachable(SystemError(call: "connect", code: ENOENT))
            ) {
                try await ControlClient(socket, loop: loop).ask("status", patience: nil)
            }
        }
    }

    @Test func takesThePlaceOfADeadMount() throws {
        try onLoop { loop, socket in
            // Its file stays when a process is killed.
            let left = try socket.listen()
            #expect(unsafe access(left.path, F_OK) == 0)
            let server = try ControlServer(socket, loop: loop) { _ in .success("new") }
            let reply = try await ControlClient(socket, loop: loop).ask("status", patience: nil)
            #expect(reply == .success("new"))
            await server.stop()
        }
    }

    @Test func refusesADirectoryThatOthersCanUse() throws {
        let path = "\(directory.path)/hawser"
        #expect(unsafe mkdir(path, 0o700) == 0)
        #expect(unsafe chmod(path, 0o755) == 0)
        #expect(throws: SystemError(call: path, code: EACCES)) { _ = try socket.listen() }
    }

    @Test func refusesADirectoryBehindALink() throws {
        let path = "\(directory.path)/hawser"
        #expect(unsafe symlink(directory.path, path) == 0)
        #expect(throws: SystemError(call: path, code: EACCES)) { _ = try socket.listen() }
    }

    @Test func endsARequestThatIsTooLong() throws {
        try onLoop { loop, socket in
            let server = try ControlServer(socket, loop: loop) { _ in .success() }
            let channel = try DescriptorChannel(socket: try socket.connect(loop), loop: loop)
            try await channel.write([Array(repeating: 65, count: 4096)[...]])
            // A reset where it had not read everything, the end otherwise.
            let answer = try? await channel.read()
            #expect(answer == nil)
            await channel.close()
            await server.stop()
        }
    }

    @Test func turnsAwayWhoComesWhileTooManyAreThere() throws {
        try onLoop { loop, socket in
            let server = try ControlServer(socket, loop: loop) { _ in .success() }
            var silent: [DescriptorChannel] = []
            for _ in 0..<ControlServer.maximumConnections {
                silent.append(try DescriptorChannel(socket: try socket.connect(loop), loop: loop))
            }
            await #expect(throws: ControlError.self) {
                try await ControlClient(socket, loop: loop).ask("status", patience: nil)
            }
            for channel in silent { await channel.close() }
            // Once they have gone, it answers again.
            var reply: ControlReply?
            while reply == nil {
                reply = try? await ControlClient(socket, loop: loop).ask("status", patience: nil)
            }
            #expect(reply == .success())
            await server.stop()
        }
    }

    @Test func doesNotWaitForOneWhoNeverAnswers() throws {
        try onLoop { loop, socket in
            let server = try ControlServer(socket, loop: loop) { _ in
                try? await loop.sleep(for: .seconds(60))
                return .success()
            }
            await #expect(throws: ControlError.silent) {
                try await ControlClient(socket, loop: loop).ask(
                    "status", patience: .milliseconds(50))
            }
            await server.stop()
        }
    }

    /// A question that nobody waits for any more keeps nobody's place.
    @Test func endsTheWorkForOneWhoHasGone() throws {
        try onLoop { loop, socket in
            let ended = WaitQueue(loop: loop)
            let server = try ControlServer(socket, loop: loop) { _ in
                try? await loop.sleep(for: .seconds(3600))
                ended.wakeAll()
                return .success()
            }
            let channel = try DescriptorChannel(socket: try socket.connect(loop), loop: loop)
            try await channel.write([Array("flush\n".utf8)[...]])
            try await loop.sleep(for: .milliseconds(50))
            let waiting = loop.spawn { try? await ended.wait() }
            await channel.close()
            await waiting.value
            await server.stop()
        }
    }

    @Test func tellsWhatAKilledProcessHasLeft() throws {
        try onLoop { loop, socket in
            #expect(socket.presence(loop) == .absent)
            let server = try ControlServer(socket, loop: loop) { _ in .success() }
            #expect(socket.presence(loop) == .served)
            await server.stop()
            #expect(socket.presence(loop) == .absent)
            do { _ = try socket.listen() }
            #expect(socket.presence(loop) == .abandoned)
        }
    }

    /// Who asks byte by byte, or for what is no text, or says more than he may, is answered or sent away.
    @Test(arguments: [
        [Array("st".utf8), Array("atus\n".utf8)], [[0xFF, 0x00, 0x0A]],
        [Array("a\nb\nc\n".utf8)],
    ])
    func bearsWhoeverAsksStrangely(pieces: [[UInt8]]) throws {
        try onLoop { loop, socket in
            let server = try ControlServer(socket, loop: loop) { .success($0) }
            let channel = try DescriptorChannel(socket: try socket.connect(loop), loop: loop)
            for piece in pieces {
                try await channel.write([piece[...]])
                try await loop.sleep(for: .milliseconds(10))
            }
            let answer = try await channel.read()
            #expect(answer?.starts(with: Array("ok\n".utf8)) ?? false)
            await channel.close()
            let reply = try await ControlClient(socket, loop: loop).ask("status", patience: nil)
            #expect(reply == .success("status"))
            await server.stop()
        }
    }

    @Test(arguments: ["", "ok", "what\n", "OK\n"])
    func believesNoAnswerThatIsNone(text: String) {
        #expect(ControlReply(encoded: Array(text.utf8)) == nil)
    }
}

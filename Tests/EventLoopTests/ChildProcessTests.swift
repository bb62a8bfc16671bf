// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import Testing
import Wire

@Suite struct ChildProcessTests {
    private func text(_ channel: some ByteChannel) async throws -> String {
        var all: [UInt8] = []
        while let bytes = try await channel.read() { all += bytes }
        return String(decoding: all, as: UTF8.self)
    }

    /// Runs a test on a loop, and leaves no program behind: beside one that nobody reaps, swift-testing
    /// waits for its own in vain.
    private func onLoop(_ test: @escaping @Sendable (EpollLoop) async throws -> Void) throws {
        let loop = try EpollLoop()
        try loop.run {
            let result: Result<Void, any Error>
            do { result = .success(try await test(loop)) } catch { result = .failure(error) }
            try await loop.waitForPrograms()
            try result.get()
        }
    }

    @Test func endsAreReportedAsTheyAre() throws {
        try onLoop { loop in
            for (script, expected) in [
                ("exit 0", ProgramStatus.exited(0)), ("exit 255", .exited(255)),
                ("kill -TERM $$", .signalled(15)),
            ] {
                let process = try ChildProcess(Program(["/bin/sh", "-c", script]), loop: loop)
                #expect(try await process.waitUntilEnd() == expected)
                // Asked again, it is the same.
                #expect(try await process.waitUntilEnd() == expected)
            }
        }
    }

    @Test func waitsForTheEndsOfAllPrograms() throws {
        try onLoop { loop in
            // None is there yet.
            try await loop.waitForPrograms()
            let patient = try ChildProcess(Program(["sleep", "1000"]), loop: loop)
            _ = try ChildProcess(Program(["true"]), loop: loop)
            await #expect(throws: TimeoutError.self) {
                try await loop.withTimeout(.milliseconds(100)) { try await loop.waitForPrograms() }
            }
            await patient.end(by: SIGTERM)
            try await loop.waitForPrograms()
            #expect(try await patient.waitUntilEnd() == .signalled(15))
        }
    }

    @Test func missingProgramIsNamed() throws {
        let loop = try EpollLoop()
        #expect(throws: SystemError(call: "/no/such/program", code: ENOENT)) {
            try ChildProcess(Program(["/no/such/program"]), loop: loop)
        }
    }

    @Test func programThatIgnoresTheSignalIsKilled() throws {
        try onLoop { loop in
            let script = "trap '' TERM; echo ready; while :; do sleep 0.01; done"
            let pair = try UnixSocketPair()
            let process = try ChildProcess(
                Program(["/bin/sh", "-c", script], output: .descriptor(pair.theirs.rawValue)),
                loop: loop)
            let output = try DescriptorChannel(socket: pair.ours, loop: loop)
            _ = try await output.read()
            await process.end(by: SIGTERM)
            #expect(try await process.waitUntilEnd() == .signalled(Int(SIGKILL)))
            await output.close()
        }
    }

    @Test func programsStartWithTheUsualSignals() throws {
        try onLoop { loop in
            // SIGPIPE is ignored here, as in every process with a loop.
            let channel = try ProgramChannel(
                Program(["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"]), name: "grep",
                loop: loop)
            let lines = try await text(channel).split(separator: "\n")
            #expect(lines.count == 2)
            for line in lines {
                // Those above are the C library's own.
                let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16)
                #expect(mask.map { $0 & 0x7FFF_FFFF } == 0, "\(line)")
            }
            await channel.close()
        }
    }

    @Test func programsGetTheGivenVariablesOnTopOfOurs() throws {
        try onLoop { loop in
            let channel = try ProgramChannel(
                Program(
                    ["/bin/sh", "-c", "echo $HAWSER_TEST $PATH; test -n \"$HOME\""],
                    environment: ["HAWSER_TEST": "set", "PATH": "/usr/bin:/bin"]),
                name: "sh", loop: loop)
            #expect(try await text(channel) == "set /usr/bin:/bin\n")
            await channel.close()
        }
    }

    @Test func channelCarriesBytesBothWays() throws {
        try onLoop { loop in
            let channel = try ProgramChannel(Program(["cat"]), name: "cat", loop: loop)
            let sent = [UInt8](repeating: 7, count: 1 << 20)
            let writer = loop.spawn {
                try? await channel.write([sent[...]])
                try? await channel.finishWriting()
            }
            var received: [UInt8] = []
            while let bytes = try await channel.read() { received += bytes }
            await writer.value
            #expect(received == sent)
            await channel.close()
        }
    }

    @Test func channelSaysHowItsProgramFailed() throws {
        try onLoop { loop in
            let channel = try ProgramChannel(
                Program(["/bin/sh", "-c", "echo x; exit 3"]), name: "the proxy", loop: loop)
            await #expect(throws: ProgramFailure(name: "the proxy", status: .exited(3))) {
                _ = try await self.text(channel)
            }
            await channel.close()
        }
    }

    @Test func descriptorPassesFromAProgram() throws {
        let script = """
            import array, os, socket, sys
            ours, theirs = socket.socketpair()
            socket.socket(fileno=1).sendmsg(
                [b"\\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
            ours.sendall(b"hello")
            """
        try onLoop { loop in
            let descriptor = try await loop.descriptor(
                from: Program(["python3", "-c", script]), name: "python",
                until: loop.now + .seconds(60))
            let channel = try DescriptorChannel(socket: descriptor, loop: loop)
            #expect(try await self.text(channel) == "hello")
            await channel.close()
        }
    }

    @Test func programWithoutADescriptorIsAnError() throws {
        try onLoop { loop in
            for (script, status) in [("exit 4", 4), ("echo text; exit 5", 5)] {
                await #expect(throws: ProgramFailure(name: "sh", status: .exited(status))) {
                    _ = try await loop.descriptor(
                        from: Program(["/bin/sh", "-c", script]), name: "sh",
                        until: loop.now + .seconds(60))
                }
            }
        }
    }
}

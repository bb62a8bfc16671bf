// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHConfig

/// Connections that a program makes for us (`ProxyCommand`, `ProxyUseFdpass`).
extension SystemWorld {
    /// What messages call it.
    private static let name = "the proxy command"

    func dialProxy(_ command: String, _ request: DialRequest) async throws -> DialedConnection {
        request.say("Executing proxy command: exec \(command)", .debug1)
        do {
            let errors = try ErrorOutput(of: Self.name, loop: loop) { request.say($0, .error) }
            defer { errors.programHasStarted() }
            var program = Program.shellCommand(command, shell: environment["SHELL"])
            program.error = errors.stream
            let channel: any ByteChannel
            if command == "-" {
                channel = try standardStreams()
            } else if request.options.proxyUseFdpass {
                let socket = try await loop.descriptor(
                    from: program, name: Self.name, until: request.deadline)
                channel = try DescriptorChannel(
                    socket: socket, loop: loop, sendQueueLimit: Self.sendQueueLimit)
            } else {
                channel = try ProgramChannel(
                    program, name: Self.name, loop: loop, sendQueueLimit: Self.sendQueueLimit)
            }
            return DialedConnection(channel: channel, isLoopback: false)
        } catch let error as SystemError {
            throw DialError.proxy("\(Self.name) could not be run: \(error)")
        } catch let error as ProgramFailure {
            throw DialError.proxy("\(error) and passed no connection")
        } catch is TimeoutError {
            throw DialError.proxy("\(Self.name) passed no connection in time")
        }
    }

    /// Our own standard input and output, as one channel.
    func standardStreams() throws -> any ByteChannel {
        let (input, output) = (dup(STDIN_FILENO), dup(STDOUT_FILENO))
        guard input >= 0 else { throw SystemError.last("dup") }
        let owned = FileDescriptor(owning: input)
        guard output >= 0 else { throw SystemError.last("dup") }
        return try DescriptorChannel(
            input: owned, output: FileDescriptor(owning: output), loop: loop,
            sendQueueLimit: Self.sendQueueLimit)
    }
}

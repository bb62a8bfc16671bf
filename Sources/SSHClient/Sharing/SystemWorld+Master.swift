// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHConfig

/// Connections of other processes.
extension SystemWorld {
    /// Uses the connection of an ssh process that shares it at `ControlPath`.
    ///
    /// - Returns: nil where there is none: a connection of our own has to be made then.
    func openShared(
        _ program: ServerProgram, _ options: ClientOptions,
        say: @escaping @Sendable (_ message: String, _ level: LogLevel) -> Void
    ) async throws -> (any ByteChannel)? {
        guard let path = options.controlPath else { return nil }
        let control: DescriptorChannel
        do {
            let socket = try loop.connect(toUnixSocket: path)
            guard socket.peerUser == geteuid() || socket.peerUser == 0 else {
                say("\(path) belongs to another user; it is not used", .error)
                return nil
            }
            control = try DescriptorChannel(socket: socket, loop: loop)
        } catch let error as SystemError {
            // Nobody there is the usual case; ssh removes a socket that is stale, and so will it.
            let level: LogLevel = [ENOENT, ECONNREFUSED].contains(error.code) ? .debug1 : .info
            say("no connection to share at \(path): \(error.reason)", level)
            return nil
        }
        do {
            let channel = try await openShared(program, options, control, say)
            say("using the connection that an ssh process shares at \(path)", .verbose)
            return channel
        } catch let failure as MasterClient.Failure {
            await control.close()
            say("the ssh process at \(path) does not share its connection: \(failure)", .info)
            return nil
        } catch let error as ChannelError {
            await control.close()
            say("the ssh process at \(path) does not share its connection: \(error)", .info)
            return nil
        } catch {
            await control.close()
            throw error
        }
    }

    private func openShared(
        _ program: ServerProgram, _ options: ClientOptions, _ control: DescriptorChannel,
        _ say: @escaping @Sendable (_ message: String, _ level: LogLevel) -> Void
    ) async throws -> any ByteChannel {
        let errors = try ErrorOutput(of: "remote", loop: loop) { say($0, .info) }
        defer { errors.programHasStarted() }
        let variables = options.variablesToSend(from: environment).map { "\($0.name)=\($0.value)" }
        let streams = try UnixSocketPair()
        // Both directions of the session are one socket.
        let theirs = streams.theirs.release()
        defer { close(theirs) }
        let data = try DescriptorChannel(
            socket: streams.ours, loop: loop, sendQueueLimit: Self.sendQueueLimit)
        do {
            var client = MasterClient(
                control: control, connectTimeout: options.connectTimeout, loop: loop)
            try await client.open(
                program, environment: variables,
                streams: [theirs, theirs, errors.descriptor])
            return SharedChannel(data: data, control: control)
        } catch {
            await data.close()
            throw error
        }
    }
}

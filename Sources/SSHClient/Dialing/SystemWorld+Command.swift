// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc

/// Programs that are run for what they print.
extension SystemWorld {
    /// Runs a program, without input.
    public func output(of command: CommandRequest) async throws -> [UInt8] {
        let output: DescriptorChannel
        let process: ChildProcess
        do {
            (output, process) = try start(command)
        } catch let error as SystemError {
            throw CommandError.notStarted("could not be run: \(error)")
        }
        do {
            let content = try await loop.withTimeout(command.deadline - loop.now) {
                var content: [UInt8] = []
                while let piece = try await output.read() {
                    guard content.count + piece.count <= command.outputLimit else {
                        throw CommandError.failed(
                            "printed more than \(command.outputLimit) bytes")
                    }
                    content += piece
                }
                return content
            }
            let status = try await process.waitUntilEnd(until: command.deadline)
            guard status == .exited(0) else { throw CommandError.failed("ended with \(status)") }
            await output.close()
            return content
        } catch {
            await output.close()
            // What has not ended in time has had its chance, and nobody waits for it any more.
            await process.end(by: SIGKILL)
            _ = try? await process.waitUntilEnd(until: loop.now + .seconds(1))
            throw error is TimeoutError ? CommandError.failed("did not end in time") : error
        }
    }

    private func start(_ command: CommandRequest) throws -> (DescriptorChannel, ChildProcess) {
        let errors = try ErrorOutput(of: command.name, loop: loop, show: command.say)
        defer { errors.programHasStarted() }
        let pair = try UnixSocketPair()
        let program = Program(
            command.arguments, output: .descriptor(pair.theirs.rawValue), error: errors.stream)
        let process = try ChildProcess(program, loop: loop)
        return (try DescriptorChannel(socket: pair.ours, loop: loop), process)
    }
}

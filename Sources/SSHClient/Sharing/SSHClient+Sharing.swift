// SPDX-License-Identifier: Apache-2.0

public import EventLoop
public import SSHConfig

extension SSHClient {
    /// Runs something on the server by the connection of an ssh process that shares it at
    /// `ControlPath`.
    ///
    /// - Returns: nil where there is none: a connection of our own has to be made then.
    /// - Throws: `CancellationError`, or what the loop throws.
    public static func openShared(
        _ program: ServerProgram, _ options: ClientOptions, world: SystemWorld,
        prompter: any Prompter
    ) async throws -> (any ByteChannel)? {
        let context = ConnectContext(
            options: options, loop: world.loop, world: world, prompter: prompter)
        return try await world.openShared(program, options) { context.show($0, level: $1) }
    }
}

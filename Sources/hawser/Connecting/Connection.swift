// SPDX-License-Identifier: Apache-2.0

import EventLoop
import MountOptions
import RemoteFS
import SFTPClient
import SFTPProtocol
import SSHClient
import SSHConfig
import Wire

/// An SFTP connection, as the options of a mount describe it.
struct Connection {
    let client: SFTPClient
    private let link: Dialing.Link
    private let furtherChannels: FurtherChannels?
    private let furtherSessions: FurtherSessions?

    /// How long the server may take to begin with SFTP.
    private static let handshakeTime = Duration.seconds(30)

    /// Connects, logs in and begins SFTP.
    ///
    /// - Throws: an error whose description is one line for the user.
    static func open(_ dialing: Dialing, generation: UInt64 = 0) async throws -> Connection {
        let link = try await dialing.open()
        do {
            return try await begin(
                link, generation, within: link.sharedTime ?? handshakeTime, dialing)
        } catch is TimeoutError where link.sharedTime != nil {
            dialing.prompter.show(
                "\(dialing.options.source.host): the ssh process that shares its connection passes "
                    + "nothing on; connecting without it", level: .error)
        } catch {
            throw ConnectionProblem(dialing.options.source, reason(of: error), cause: error)
        }
        let direct = try await dialing.open(mayShare: false)
        do {
            return try await begin(direct, generation, within: handshakeTime, dialing)
        } catch {
            throw ConnectionProblem(dialing.options.source, reason(of: error), cause: error)
        }
    }

    /// Begins SFTP, or closes the link.
    private static func begin(
        _ link: Dialing.Link, _ generation: UInt64, within limit: Duration, _ dialing: Dialing
    ) async throws -> Connection {
        let (loop, memory) = (dialing.loop, dialing.memory)
        let session = memory.nextSession()
        do {
            let client = try await loop.withTimeout(limit) {
                try await SFTPClient.open(
                    over: link.channel, generation: generation, session: session, loop: loop)
            }
            memory.note(client.sessionAnswer, to: session)
            let sessions = furtherSessions(beside: link.session, dialing)
            return Connection(
                client: client, link: link,
                furtherChannels: furtherChannels(beside: client, link, sessions, loop, memory),
                furtherSessions: sessions)
        } catch {
            await link.close()
            throw error
        }
    }

    /// More connections, where they are wanted; nil where something else than a session of ours leads to the
    /// server.
    private static func furtherSessions(
        beside main: SSHSession?, _ dialing: Dialing
    ) -> FurtherSessions? {
        // A program's own input and output lead to one connection.
        guard let main, let further = dialing.further,
            dialing.memory.route?.contains(where: { $0.proxyCommand == "-" }) != true
        else { return nil }
        return FurtherSessions(
            beside: main, limit: further.limit, memory: dialing.memory.furtherSessions,
            loop: dialing.loop, log: further.log
        ) { try await dialing.connectFurther(further) }
    }

    /// More channels of the same kind, on the same login or on further ones; nil where something else than
    /// a session of ours leads to the server.
    private static func furtherChannels(
        beside client: SFTPClient, _ link: Dialing.Link, _ sessions: FurtherSessions?,
        _ loop: EpollLoop, _ memory: DialingMemory
    ) -> FurtherChannels? {
        guard let session = link.session, let program = link.program else { return nil }
        return FurtherChannels(
            beside: client, memory: memory.furtherChannels, loop: loop,
            onClose: { isLost in
                if !isLost { memory.forgetFurtherSessions() }
                guard let sessions else { return }
                loop.spawn { await isLost ? sessions.abandon() : sessions.close() }
            }
        ) {
            let channel = try await (sessions?.next() ?? session).open(program)
            let request = memory.furtherSession()
            let further = try await SFTPClient.open(
                over: channel, generation: client.generation, session: request, loop: loop)
            memory.note(further.sessionAnswer, to: request)
            guard further.sessionAnswer?.place == client.sessionAnswer?.place else {
                await further.disconnect(reason: "it leads to another machine")
                throw SFTPError.connectionLost(reason: "it leads to another machine")
            }
            return further
        }
    }

    /// The connection as a link uses it.
    var forLink: ServerLink.Connection {
        guard let session = link.session else {
            return ServerLink.Connection(client: client) { [link] in await link.close() }
        }
        return ServerLink.Connection(
            client: client, furtherChannels: furtherChannels,
            lastReceived: { session.assumeIsolated { $0.lastReceived } },
            ask: { session.assumeIsolated { $0.askForLife() } },
            close: { await close() },
            abandon: {
                await session.abandon()
                await furtherSessions?.abandon()
            })
    }

    /// Where syslog is to file what is said about the connection.
    var facility: SyslogFacility { link.facility }

    /// What is known of it; nil where something else than a session of ours leads to the server.
    var facts: ConnectionFacts? {
        get async { await link.session?.facts }
    }

    /// Ends the connection; returns once that is done.
    func close() async {
        // At once, so that one that is silent does not hold up the others.
        let ending = furtherSessions.map { sessions in sessions.loop.spawn { await sessions.end() }
        }
        await link.close()
        await ending?.value
    }

    /// How many connections to the server there are.
    var count: Int {
        get async { await furtherSessions?.count ?? 1 }
    }

    private static func reason(of error: any Error) -> String {
        error is TimeoutError
            ? "the server did not begin with SFTP within \(handshakeTime.components.seconds) seconds"
            : "\(error)"
    }

    /// Finds the directory to mount, and makes sure that it is one unless that is not wanted.
    func root(of options: MountOptions) async throws -> [UInt8] {
        let directory = options.remoteDirectory
        var path = Array(directory.utf8)
        do {
            if directory == "~" || directory.hasPrefix("~/") {
                path = Array(try await client.expandPath(path[...]))
            }
            guard options.checksRoot else { return path }
            let attributes = try await client.stat(path.isEmpty ? [UInt8(ascii: ".")] : path[...])
            guard let mode = attributes.permissions, mode & 0o170000 != 0o040000 else {
                return path
            }
        } catch {
            throw ConnectionProblem(options.source, "\(directory): \(error)")
        }
        throw ConnectionProblem(options.source, "\(directory): Not a directory")
    }
}

/// What is wrong with a connection, or on the other side of it, with the host's name in front.
struct ConnectionProblem: Error, CustomStringConvertible {
    let description: String
    /// What has gone wrong, where something else said so.
    let cause: (any Error)?

    init(_ source: RemoteSource, _ reason: String, cause: (any Error)? = nil) {
        self.cause = cause
        description = TerminalText.line("\(source.host): \(reason)", limit: .max)
    }
}

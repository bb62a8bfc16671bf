// SPDX-License-Identifier: Apache-2.0

import EventLoop
import MountOptions
import PostQuantum
import SFTPClient
import SFTPProtocol
import SSHClient
import SSHConfig
import Synchronization
import Wire

/// Finds a way to the SFTP server of a mount: by a connection that is there already, by one of our
/// own, or by what stands in its place.
struct Dialing {
    let options: MountOptions
    let world: SystemWorld
    let loop: EpollLoop
    var prompter: any Prompter
    /// What is kept of the first connection, so that later ones read no file.
    let memory: DialingMemory
    /// How further connections beside the first one are made; nil where there are to be none.
    var further: Further?
    /// How long a server may take to take a connection; nil for as long as the options say.
    var dialTime: Duration?
    /// The directory on which the server is mounted by now: whoever asks for something in it waits for the
    /// very connection that is to be made.
    var mountPoint: String?

    /// What further connections need.
    struct Further {
        /// How many connections there may be, with the first one.
        let limit: Int
        /// Who answers in place of the user, for each of them anew.
        let prompter: @Sendable () -> any Prompter
        let log: @Sendable (String) -> Void
        /// As ``Dialing/mountPoint``.
        let mountPoint: String
        /// How long a host may take to take a connection.
        static let dialTime = Duration.seconds(4)
    }

    /// After how long a silence a server is asked whether it is there, unless the configuration knows
    /// better: nobody watches over a mount.
    private static let serverAliveInterval = Duration.seconds(15)

    /// A channel that ends at the server, and what has to be closed with it.
    struct Link {
        let channel: any ByteChannel
        var session: SSHSession?
        /// What runs at the channel's other end, where that is a session of ours.
        var program: ServerProgram?
        /// Where syslog is to file what is said about it.
        var facility = SyslogFacility.user
        /// How long the server may take to begin with SFTP, where an ssh process has to pass it all on:
        /// there is another way.
        var sharedTime: Duration?

        /// Ends all of it; returns once that is done.
        func close() async {
            await channel.close()
            await session?.finish()
        }
    }

    /// How long an ssh process that shares its connection may pass nothing on.
    private static let sharedTime = Duration.seconds(10)

    /// Connects.
    ///
    /// - Parameter mayShare: whether the connection of an ssh process may be used (`ControlPath`).
    /// - Throws: an error whose description is one line for the user, or `CancellationError`.
    func open(mayShare: Bool = true) async throws -> Link {
        switch options.transport {
        case .ssh: try await openSSH(mayShare)
        case .program(let words):
            try await open(.program(options.programArguments(words)))
        case .tcp(let port): try await open(.tcp(host: options.source.host, port: port))
        case .vsock(let context, let port): try await open(.vsock(context: context, port: port))
        case .standardStreams: try await open(.standardStreams)
        }
    }

    private func open(_ transport: PlainTransport) async throws -> Link {
        let channel = try await world.connect(to: transport) { [prompter] in
            prompter.show($0, level: .error)
        }
        return Link(channel: channel)
    }

    private func openSSH(_ mayShare: Bool) async throws -> Link {
        var route = try await route()
        if let mountPoint { route = route.map { $0.withoutSockets(in: mountPoint) } }
        let program = ServerProgram(sftpServer: options.sftpServer)
        if mayShare, let target = route.last,
            let channel = try await SSHClient.openShared(
                program, target, world: world, prompter: prompter)
        {
            return Link(
                channel: channel, facility: target.syslogFacility,
                sharedTime: target.connectTimeout ?? Self.sharedTime)
        }
        let session = try await SSHClient.connect(
            route, loop: loop, world: world, prompter: prompter, mlkem: .swiftCrypto,
            memory: memory.connections, dialTime: dialTime)
        do {
            return Link(
                channel: try await session.open(program), session: session, program: program,
                facility: route.last?.syslogFacility ?? .user)
        } catch {
            await session.close()
            throw error
        }
    }

    /// Makes one more connection to the server, without asking anybody for anything.
    func connectFurther(_ further: Further) async throws -> SSHSession {
        var route = try await route().map { $0.withoutSockets(in: further.mountPoint) }
        // Whoever looks after the first connection does not see the silence of another.
        for place in route.indices where route[place].serverAliveInterval == nil {
            route[place].serverAliveInterval = Self.serverAliveInterval
        }
        return try await SSHClient.connect(
            route, loop: loop, world: world, prompter: further.prompter(), mlkem: .swiftCrypto,
            memory: memory.connections, dialTime: Further.dialTime)
    }

    private func route() async throws -> [ClientOptions] {
        if let route = memory.route { return route }
        let route = try await loop.offload { [options] in try Self.route(options) }
        memory.route = route
        return route
    }

    /// What ssh_config says of the host and of those on the way to it; blocks.
    static func route(_ options: MountOptions) throws -> [ClientOptions] {
        var commandLine = options.sshOptions.map { "\($0.name)=\($0.value)" }
        if options.readsPassword { commandLine.insert("NumberOfPasswordPrompts=1", at: 0) }
        var configuration = SSHConfiguration(
            commandLine: commandLine,
            files: options.sshConfigFile.map(SSHConfiguration.Files.init(argument:)) ?? .standard,
            local: try LocalContext.thisMachine())
        configuration.serverAliveInterval = serverAliveInterval
        if options.steersCompression { configuration.compression = .measured }
        var route = try configuration.route(host: options.source.host, user: options.source.user)
        // What passes through the hosts on the way is encrypted: nothing can compress it.
        for place in route.indices.dropLast() where route[place].compression == .measured {
            route[place].compression = .no
        }
        return route
    }
}

extension ClientOptions {
    /// The options without the sockets that lie in a directory.
    fileprivate func withoutSockets(in directory: String) -> ClientOptions {
        var options = self
        let start = directory + "/"
        if identityAgent?.hasPrefix(start) ?? false { options.identityAgent = nil }
        if controlPath?.hasPrefix(start) ?? false { options.controlPath = nil }
        return options
    }
}

/// What later connections need of the first one.
final class DialingMemory: Sendable {
    let connections = ConnectionMemory()
    /// What is known of the server's further channels.
    let furtherChannels = FurtherChannels.Memory()
    /// What is known of further connections to it.
    let furtherSessions = FurtherSessions.Memory()
    private let knownRoute = Mutex<[ClientOptions]?>(nil)
    private let sessions = Mutex(SessionHistory())

    /// Where to, and how; nil before it is known.
    var route: [ClientOptions]? {
        get { knownRoute.withLock { $0 } }
        set { knownRoute.withLock { $0 = newValue } }
    }

    /// What to tell the server of the session that is to begin.
    func nextSession() -> SessionRequest {
        let name = randomName()
        return sessions.withLock { $0.next(name: name) }
    }

    /// What to tell the server of a session that is to run beside others.
    func furtherSession() -> SessionRequest {
        let request = SessionRequest(name: randomName())
        sessions.withLock { $0.addFurther(request.name) }
        return request
    }

    /// The sessions beside others have been closed, and nothing was under way on them.
    func forgetFurtherSessions() { sessions.withLock { $0.forgetFurther() } }

    private func randomName() -> Bytes {
        (0..<SessionExtension.nameBytes).map { _ in UInt8.random(in: 0...(.max)) }[...]
    }

    /// Takes note of what the server has said of a session that has begun.
    func note(_ answer: SessionAnswer?, to request: SessionRequest) {
        sessions.withLock { $0.note(answer, to: request) }
    }
}

// SPDX-License-Identifier: Apache-2.0

public import EventLoop
public import SSHConfig
public import SSHCrypto
import SSHProtocol

/// Makes SSH connections: resolve, dial, check the host's key, log in.
public enum SSHClient {
    /// How long dialling and the key exchange may take where `ConnectTimeout` says nothing: TCP's
    /// own limit on Linux is about that long, and has none for a server that stays silent.
    static let defaultConnectTime = Duration.seconds(120)
    /// How long to wait before another attempt (`ConnectionAttempts`).
    private static let attemptPause = Duration.seconds(1)

    /// Connects and logs in.
    ///
    /// - Parameters:
    ///   - route: where to, whom to trust, and how: for each host on the way (`ProxyJump`), the
    ///     nearest first, and last for the server itself.
    ///   - loop: the session's loop; this is called on it.
    ///   - world: the machine.
    ///   - prompter: who is asked and told.
    ///   - mlkem: ML-KEM for the hybrid key exchange, which is not offered without it.
    ///   - memory: filled by the first connection, and used in place of files by later ones.
    ///   - dialTime: how long dialling each host may take, where that is less than connecting may.
    /// - Throws: ``SSHClientError``, which says which step failed; or `CancellationError`.
    public static func connect(
        _ route: [ClientOptions], loop: any EventLoop, world: any ClientWorld,
        prompter: any Prompter, mlkem: MLKEM768? = nil, memory: ConnectionMemory? = nil,
        dialTime: Duration? = nil
    ) async throws -> SSHSession {
        var session: SSHSession?
        do {
            for (place, options) in route.enumerated() {
                let context = ConnectContext(
                    options: options, loop: loop, world: world, prompter: prompter,
                    mlkem: mlkem, memory: memory?.host(place), dialTime: dialTime)
                session = try await connect(context, through: session)
            }
        } catch {
            await session?.close()
            throw error
        }
        guard let session else { preconditionFailure("a route that leads nowhere") }
        return session
    }

    private static func connect(
        _ context: ConnectContext, through carrier: SSHSession?
    ) async throws -> SSHSession {
        let check = try await HostKeyCheck.load(context)
        let configuration = try configuration(context, try await check.knownForOrder)
        context.traceOffer(configuration.algorithms)
        var attempt = 1
        while true {
            do {
                return try await connect(context, through: carrier, check, configuration)
            } catch let error as SSHClientError where error.mayPass {
                guard attempt < context.options.connectionAttempts else { throw error }
                context.show("\(error); trying again", level: .info)
            }
            attempt += 1
            try await context.loop.sleep(for: attemptPause)
        }
    }

    private static func configuration(
        _ context: ConnectContext, _ known: KnownHosts
    ) throws -> SSHClientConfiguration {
        let options = context.options
        do throws(SSHConfigError) {
            let hostKeyAlgorithms = try options.hostKeyAlgorithms(known: known)
            var configuration = SSHClientConfiguration(
                user: options.user,
                algorithms: try options.algorithms(hostKeyAlgorithms: hostKeyAlgorithms),
                mlkem: context.mlkem,
                rekey: RekeyLimits(
                    bytes: options.rekeyLimit.bytes, interval: options.rekeyLimit.interval))
            configuration.bindsKeysToHost = options.pubkeyAuthentication != .unbound
            configuration.comments = try options.identificationComments()
            return configuration
        } catch {
            throw SSHClientError.configuration(context.endpoint, error.description)
        }
    }

    private static func connect(
        _ context: ConnectContext, through carrier: SSHSession?, _ check: HostKeyCheck,
        _ configuration: SSHClientConfiguration
    ) async throws -> SSHSession {
        let loop = context.loop
        let deadline = loop.now + (context.options.connectTimeout ?? defaultConnectTime)
        // Key files are read while the server answers.
        async let files = IdentityFiles.load(context)
        let dialed =
            if let carrier {
                DialedConnection(
                    channel: try await carrier.openTunnel(to: context.endpoint, until: deadline))
            } else {
                try await dial(
                    context,
                    until: min(deadline, context.dialTime.map { loop.now + $0 } ?? deadline))
            }
        let session = SSHSession(
            context, transport: dialed.channel, carrier: carrier, configuration: configuration)
        await session.start()
        do {
            let trust = try await session.verifyHost(
                check, of: dialed, until: deadline)
            await session.warnOfWeakCrypto()
            try await logIn(session, context, try await files, trust)
            dialed.carriesBulkData()
            return session
        } catch {
            await session.close()
            throw error
        }
    }

    private static func dial(
        _ context: ConnectContext, until deadline: Duration
    ) async throws -> DialedConnection {
        do {
            return try await context.world.dial(
                DialRequest(options: context.options, deadline: deadline) {
                    context.show($0, level: $1)
                })
        } catch let error as DialError {
            switch error {
            case .unknownHost(let reason):
                throw SSHClientError.unknownHost(context.endpoint, reason)
            case .badLocalAddress(let reason):
                throw SSHClientError.configuration(context.endpoint, reason)
            case .proxy(let reason): throw SSHClientError.proxyFailed(context.endpoint, reason)
            case .notConnected(let failures):
                throw SSHClientError.notConnected(context.endpoint, failures)
            }
        }
    }

    private static func logIn(
        _ session: SSHSession, _ context: ConnectContext, _ files: IdentityFiles,
        _ trust: HostKeyCheck.Trust
    ) async throws {
        context.traceFiles(files)
        let agent = await connectAgent(context, for: session)
        do {
            let collector = IdentityCollector(context: context, files: files)
            let identities = try await collector.collect(agent: agent)
            try await session.logIn(identities, agent: agent, trust: trust)
        } catch {
            await agent?.close()
            throw error
        }
        await agent?.close()
        await session.startKeepAlive()
    }

    private static func connectAgent(
        _ context: ConnectContext, for session: SSHSession
    ) async -> AgentClient? {
        guard let path = context.options.identityAgent,
            context.options.pubkeyAuthentication != .no
        else { return nil }
        do {
            let channel = try await context.world.connectAgent(path)
            let agent = AgentClient(
                channel: channel, loop: context.loop,
                connectTimeout: context.options.connectTimeout)
            guard let binding = await session.agentBinding else { return agent }
            do {
                try await agent.bind(binding)
            } catch AgentClient.Failure.silent {
                context.show("No keys from the agent at \(path): it does not answer", level: .info)
                return nil
            } catch {
                // One that does not know it has keys that are not bound to anything.
            }
            return agent
        } catch {
            context.show("No agent at \(path): \(error)", level: .verbose)
            return nil
        }
    }
}

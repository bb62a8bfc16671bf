// SPDX-License-Identifier: Apache-2.0

import CLinux
import EventLoop
import FuseBridge
import Glibc
import MountControl
import MountOptions
import RemoteFS
import SFTPClient
import SSHClient
import SSHConfig

/// The process that holds a mount: connects, mounts, reports, serves until it is told to stop.
actor MountProcess {
    private enum Phase {
        case connecting
        case mounting(stops: Bool)
        case serving
    }

    /// The signals that end a mount.
    private static let endingSignals = [SIGINT, SIGTERM, SIGHUP]
    /// How long the end of a connection may take.
    private static let goodbyeTime = Duration.seconds(3)
    /// How long the end of a mount waits for what programs have written.
    private static let writingTime = Duration.seconds(10)
    /// How much freed memory is kept for what comes next, in bytes.
    private static let freedMemoryKept: CInt = 16 << 20

    let options: MountOptions
    let mountPoint: MountPoint
    private let launcher: Launcher?
    let loop: EpollLoop
    private let prompter: TerminalPrompter

    private var phase = Phase.connecting
    private(set) var connection: Connection?
    private(set) var bridge: FuseBridge?
    private(set) var link: ServerLink?
    let startTime: Duration
    private var facility = SyslogFacility.user
    var control: ControlServer?
    /// Whether what programs have written is not to be waited for at the end.
    var givesUp = false
    private var networkWatch: NetworkWatch?
    private var sleepWatch: SleepWatch?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    private init(
        _ options: MountOptions, _ mountPoint: MountPoint, _ launcher: Launcher?, _ loop: EpollLoop
    ) {
        self.options = options
        self.mountPoint = mountPoint
        self.launcher = launcher
        self.loop = loop
        startTime = loop.now
        prompter = TerminalPrompter(
            loop: loop, environment: LocalContext.environmentVariables)
    }

    /// Runs a mount from its beginning to its end, and returns the exit status.
    ///
    /// - Parameter launcher: whoever waits for a report; nil in the foreground.
    static func run(
        _ options: MountOptions, _ mountPoint: MountPoint, launcher: Launcher?
    ) -> CInt {
        clinux_keep_freed_memory(freedMemoryKept)
        do {
            let loop = try EpollLoop()
            let process = MountProcess(options, mountPoint, launcher, loop)
            try loop.handleSignals(endingSignals) { _ in process.assumeIsolated { $0.stop() } }
            let watch = try launcher.map { launcher in
                // Nobody reads there any more: the user has given up.
                try loop.watch(launcher.pipe, for: []) { _ in process.assumeIsolated { $0.stop() } }
            }
            do {
                try loop.run { try await process.start() }
            } catch {
                hangUp(process, loop)
                throw error
            }
            if let watch { loop.unwatch(watch) }
            let isWanted = process.assumeIsolated { $0.goOn() }
            if isWanted { loop.run() }
            process.assumeIsolated { $0.end() }
            hangUp(process, loop)
            return 0
        } catch {
            if let launcher { launcher.report(.failure("\(error)")) } else { complain("\(error)") }
            return 1
        }
    }

    /// Tells the server, and the programs that led to it, that nobody needs them any more.
    private static func hangUp(_ process: MountProcess, _ loop: EpollLoop) {
        let link = process.assumeIsolated { $0.link }
        try? loop.run {
            try await loop.withTimeout(goodbyeTime) {
                await link?.close()
                try await loop.waitForPrograms()
            }
        }
    }

    // MARK: Starting

    private func start() async throws {
        let bridge = try await makeBridge()
        phase = .mounting(stops: false)
        try await bridge.mount(at: mountPoint.path, options: options.libfuseOptions) { [loop] in
            loop.stop()
        }
        self.bridge = bridge
    }

    private func makeBridge() async throws -> FuseBridge {
        let trace = options.tracesRequests ? Trace { Log.write($0) } : nil
        guard options.delaysConnection else {
            return FuseBridge(
                try await makeFileSystem(), options: options.bridgeOptions, trace: trace, loop: loop
            )
        }
        return FuseBridge(options: options.bridgeOptions, trace: trace, loop: loop) {
            [unowned self] in
            do {
                return try await makeFileSystem()
            } catch {
                Log.write("\(error)")
                throw error
            }
        }
    }

    /// Connects, and finds out what has to be known of the server.
    private func makeFileSystem() async throws -> RemoteFS {
        let answers = RememberedAnswers(
            user: options.readsPassword
                ? PasswordFromInput(loop: loop, otherwise: prompter) : prompter)
        var dialing = Dialing(
            options: options,
            world: SystemWorld(loop: loop, environment: LocalContext.environmentVariables),
            loop: loop, prompter: answers, memory: DialingMemory())
        if options.maximumConnections > 1 {
            let host = options.source.host
            dialing.further = Dialing.Further(
                limit: options.maximumConnections, prompter: { answers.again },
                log: { Log.write("\(host): \($0)") }, mountPoint: mountPoint.path)
        }
        let connection = try await Connection.open(dialing)
        self.connection = connection
        do {
            let place = try await connection.place(of: options)
            var fileSystemOptions = options.fileSystemOptions(root: place.path)
            fileSystemOptions.identities = try await Identities(
                options: options, client: connection.client, loop: loop
            ).map()
            fileSystemOptions.nameConversion = try options.nameConversion()
            var mounted = dialing
            mounted.mountPoint = mountPoint.path
            let redialing = Redialing(dialing: mounted, answers: answers, place: place)
            let dial: ServerLink.Dialer = { [unowned self] (generation, failures) in
                try await reconnect(redialing, generation, failures)
            }
            let link = ServerLink(
                connection.forLink, options: linkOptions, loop: loop,
                dial: options.canReconnect ? dial : nil)
            self.link = link
            facility = connection.facility
            return RemoteFS(link: link, options: fileSystemOptions, loop: loop)
        } catch {
            await connection.close()
            throw error
        }
    }

    private func reconnect(
        _ redialing: Redialing, _ generation: UInt64, _ failures: Int
    ) async throws -> ServerLink.Connection {
        let new = try await redialing.connect(generation: generation, failures: failures)
        connection = new
        return new.forLink
    }

    private var linkOptions: LinkOptions {
        let host = options.source.host
        var result = LinkOptions(
            random: { UInt32.random(in: 0...(.max)) }, log: { Log.write("\(host): \($0)") })
        result.timeout = options.lossTimeout
        return result
    }

    // MARK: Running

    /// Leaves the terminal and reports success.
    ///
    /// - Returns: whether the mount is still wanted.
    private func goOn() -> Bool {
        if case .mounting(stops: true) = phase { return false }
        phase = .serving
        listen()
        watchSurroundings()
        guard let launcher else { return true }
        moveToBackground(facility)
        // A launcher that has gone was ended by its user, who does not expect a mount then.
        return launcher.report(.success)
    }

    /// Has the link hear of what may have ended its connection, or makes another one possible.
    private func watchSurroundings() {
        let changed: @Sendable () -> Void = { [unowned self] in
            assumeIsolated { process in
                process.link?.assumeIsolated { $0.noteChangeOfNetwork() }
            }
        }
        // Without, all is noticed somewhat later.
        networkWatch = try? NetworkWatch(loop, changed)
        sleepWatch = try? SleepWatch(loop, changed)
    }

    private func moveToBackground(_ facility: SyslogFacility) {
        Log.moveToBackground(facility)
        setsid()
        _ = unsafe chdir("/")
        let null = unsafe open("/dev/null", O_RDWR)
        guard null >= 0 else { return }
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(null, stream) }
        if null > STDERR_FILENO { close(null) }
    }

    /// Ends the mount, or the attempt to make one.
    func stop() {
        switch phase {
        case .connecting:
            prompter.restoreTerminal()
            exit(1)
        case .mounting:
            phase = .mounting(stops: true)
        case .serving:
            loop.stop()
        }
    }

    private func end() {
        control?.assumeIsolated { $0.stop() }
        if !givesUp { finishWriting() }
        bridge?.assumeIsolated { $0.unmount() }
    }

    /// Waits for what programs have written, if there is a server.
    private func finishWriting() {
        guard let bridge, let link, !link.assumeIsolated({ $0.isDown }) else { return }
        try? loop.run { [loop] in
            try await loop.withTimeout(Self.writingTime) { await bridge.finishWriting() }
        }
    }
}

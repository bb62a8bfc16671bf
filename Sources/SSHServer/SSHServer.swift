// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SFTPServer

/// An SSH server that serves files, and nothing else.
///
/// The server itself, which only takes connections, runs on its maker's loop. Each connection has a
/// thread with a loop of its own: a slow disk delays the client that waits for it, and nobody else.
public actor SSHServer {
    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    private let loop: EpollLoop
    private var settings: ServerSettings
    private var admission: Admission
    /// How many connections are still to be taken; nil for no end.
    private var connectionsLeft: Int?
    private var listeners: [Listening] = []
    private var connections: [UInt64: ServerConnection] = [:]
    /// Of connections whose user is not logged in yet.
    private var unauthenticated: Set<UInt64> = []
    private var lastConnection: UInt64 = 0
    private var isStopping = false
    private let ends: WaitQueue

    /// A listener, and its watch while connections are taken.
    private final class Listening {
        let listener: TCPListener
        var watch: WatchID?

        init(_ listener: consuming TCPListener) { self.listener = listener }
    }

    /// How long nothing is taken when there is no descriptor or memory for a connection.
    private static let pause = Duration.milliseconds(100)

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - settings: for the connections that come, until ``use(_:)`` sets others.
    ///   - limits: which clients are turned away.
    ///   - maximumConnections: how many connections it takes before it ends; nil for no end.
    ///   - loop: where the server runs, though not its connections.
    public init(
        _ settings: ServerSettings, limits: Admission.Limits = Admission.Limits(),
        maximumConnections: Int? = nil, loop: EpollLoop
    ) {
        self.settings = settings
        self.loop = loop
        admission = Admission(limits)
        connectionsLeft = maximumConnections
        ends = WaitQueue(loop: loop)
    }

    /// Takes connections there from now on.
    ///
    /// - Throws: `SystemError`.
    public func listen(on listener: consuming TCPListener) throws {
        let address = ClientAddress(listener.address)
        listeners.append(Listening(listener))
        try watch(listeners.count - 1)
        settings.log.log(.info, "Server listening on \(address.logText).")
    }

    /// Uses other settings for the connections that come from now on.
    public func use(_ settings: ServerSettings) { self.settings = settings }

    /// Takes no more connections, and ends each as soon as its client has no file open, or at the end of
    /// `patience`.
    public func stop(patience: Duration) {
        isStopping = true
        stopListening()
        for connection in connections.values {
            connection.loop.execute { connection.assumeIsolated { $0.stop() } }
        }
        _ = loop.schedule(at: loop.now + patience) {
            self.assumeIsolated { $0.disconnectAll() }
        }
    }

    /// Waits until it has stopped, or has served as many as it was to serve, and nobody is connected.
    public func waitUntilEnd() async {
        while !listeners.isEmpty || admission.connections > 0 { await ends.waitThroughout() }
    }

    private func disconnectAll() {
        for connection in connections.values {
            connection.loop.execute {
                connection.assumeIsolated { $0.disconnect("the server stops") }
            }
        }
    }

    // MARK: Taking connections

    private func watch(_ index: Int) throws {
        listeners[index].watch = try loop.watch(
            listeners[index].listener.descriptor, for: .read
        ) { [weak self] _ in self?.assumeIsolated { $0.accept(index) } }
    }

    private func accept(_ index: Int) {
        do {
            while listeners.indices.contains(index), listeners[index].watch != nil,
                let connection = try listeners[index].listener.accept()
            {
                take(connection)
            }
        } catch {
            settings.log.log(.error, "accept: \(error)")
            pause(index)
        }
    }

    /// Nothing is to be had now; asking again and again would only cost the others time.
    private func pause(_ index: Int) {
        if let watch = listeners[index].watch { loop.unwatch(watch) }
        listeners[index].watch = nil
        _ = loop.schedule(at: loop.now + Self.pause) { [weak self] in
            self?.assumeIsolated { $0.resume(index) }
        }
    }

    private func resume(_ index: Int) {
        // It may have stopped meanwhile.
        guard listeners.indices.contains(index) else { return }
        do {
            try watch(index)
        } catch {
            pause(index)
        }
    }

    private func take(_ connection: consuming TCPListener.Connection) {
        let client = ClientAddress(connection.peer)
        if let refusal = admission.admit(client.bytes, now: loop.now) {
            settings.log.log(.info, "drop connection from \(client.logText): \(refusal.logText)")
            return
        }
        lastConnection += 1
        let id = lastConnection
        unauthenticated.insert(id)
        do {
            try start(id, connection.release().release(), client)
        } catch {
            settings.log.log(.error, "no thread for \(client.logText): \(error)")
            ended(id, client, .orderly)
        }
        if let left = connectionsLeft {
            connectionsLeft = left - 1
            if left <= 1 { stopListening() }
        }
    }

    private func stopListening() {
        for listening in listeners {
            if let watch = listening.watch { loop.unwatch(watch) }
        }
        listeners = []
        ends.wakeAll()
    }

    // MARK: Connections

    private func start(
        _ id: UInt64, _ socket: CInt, _ client: ClientAddress
    ) throws(SystemError) {
        let settings = settings
        let main = loop
        do {
            try startThread {
                let ending = Self.serve(socket, client, settings) { event in
                    main.execute { [weak self] in self?.assumeIsolated { $0.take(event, id) } }
                }
                main.execute { [weak self] in
                    self?.assumeIsolated { $0.ended(id, client, ending) }
                }
            }
        } catch {
            _ = FileDescriptor(owning: socket)
            throw error
        }
    }

    /// What a connection's thread reports.
    private enum Event: Sendable {
        case began(ServerConnection)
        case authenticated
    }

    /// Serves a connection on the calling thread, to its end.
    private static func serve(
        _ socket: CInt, _ client: ClientAddress, _ settings: ServerSettings,
        report: @escaping @Sendable (Event) -> Void
    ) -> Admission.Ending {
        do {
            let socket = FileDescriptor(owning: socket)
            let loop = try EpollLoop()
            let channel = try DescriptorChannel(socket: socket, loop: loop)
            let connection = ServerConnection(
                settings, channel, from: client, loop: loop,
                observer: .init { report(.authenticated) })
            report(.began(connection))
            return try loop.run { await connection.serve() }
        } catch {
            settings.log.log(.error, "\(client.logText): \(error)")
            return .orderly
        }
    }

    private func take(_ event: Event, _ id: UInt64) {
        switch event {
        case .began(let connection):
            connections[id] = connection
            if isStopping {
                connection.loop.execute { connection.assumeIsolated { $0.stop() } }
            }
        case .authenticated:
            if unauthenticated.remove(id) != nil { admission.authenticated() }
        }
    }

    private func ended(_ id: UInt64, _ client: ClientAddress, _ ending: Admission.Ending) {
        connections[id] = nil
        let wasAuthenticated = unauthenticated.remove(id) == nil
        admission.ended(
            client.bytes, wasAuthenticated: wasAuthenticated, ending, now: loop.now)
        ends.wakeAll()
    }
}

extension SSHServer {
    /// Serves one client over a channel that is there already: the standard streams of `--stdio`.
    public static func serve(
        over channel: any ByteChannel, from client: ClientAddress, _ settings: ServerSettings,
        loop: any EventLoop
    ) async {
        _ = await ServerConnection(settings, channel, from: client, loop: loop).serve()
    }
}

extension Admission.Refusal {
    /// In a few words, for the log.
    fileprivate var logText: String {
        switch self {
        case .tooManyUnauthenticated: "past MaxStartups"
        case .tooManyConnections: "too many connections"
        case .penalty: "penalty: failed authentication"
        }
    }
}

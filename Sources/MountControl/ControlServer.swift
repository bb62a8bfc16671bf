// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import Glibc
import Wire

/// Answers at the private socket of a mount: a request is one line, and has one ``ControlReply``.
///
/// Only the user who has mounted, and root, are listened to; nobody can make it hold much memory or
/// many descriptors, or keep it from its work.
public actor ControlServer {
    /// What a request leads to; its task is cancelled when the asker goes away.
    public typealias Handler = @Sendable (_ request: String) async -> ControlReply

    /// How many may ask at a time; who comes then is turned away.
    static let maximumConnections = 16
    /// How long a request is, at most, in bytes.
    static let requestBytes = 256
    /// How long the asker may take to ask, and to take the answer.
    static let patience = Duration.seconds(5)

    private let loop: EpollLoop
    private let handler: Handler
    private let user: uid_t
    private let listener: Listener
    private var watch: WatchID?
    private var connectionCount = 0

    /// The loop: every call runs on its thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Makes a mount's socket, and answers what is asked there.
    ///
    /// - Throws: `SystemError` where the socket can't be made.
    public init(
        _ socket: ControlSocket, loop: EpollLoop, _ handler: @escaping Handler
    ) throws {
        self.loop = loop
        self.handler = handler
        user = socket.user
        listener = try socket.listen()
        try assumeIsolated { try $0.startWatching() }
    }

    /// Removes the socket.
    ///
    /// What has been asked is still answered, if the loop runs.
    public func stop() {
        guard let watch else { return }
        loop.unwatch(watch)
        self.watch = nil
        _ = unsafe unlink(listener.path)
    }

    private func startWatching() throws {
        watch = try loop.watch(listener.descriptor, for: .read) { [weak self] _ in
            self?.assumeIsolated { $0.acceptAll() }
        }
    }

    private func acceptAll() {
        while let socket = listener.accept() {
            guard connectionCount < Self.maximumConnections, let peer = socket.peerUser,
                peer == user || peer == 0,
                let channel = try? DescriptorChannel(socket: socket, loop: loop)
            else { continue }
            connectionCount += 1
            loop.spawn { [weak self] in
                await self?.serve(channel)
                await channel.close()
                await self?.connectionHasEnded()
            }
        }
    }

    private func connectionHasEnded() { connectionCount -= 1 }

    private func serve(_ channel: DescriptorChannel) async {
        guard
            let request = try? await loop.withTimeout(
                Self.patience, { try await Self.readRequest(channel) })
        else { return }
        guard let reply = await reply(to: request, on: channel) else { return }
        _ = try? await loop.withTimeout(Self.patience) {
            try await channel.write([reply.encoded[...]])
            try await channel.finishWriting()
            // The asker closes once it has everything.
            while try await channel.read() != nil {}
        }
    }

    /// Has a request answered; nil once nobody waits for that any more.
    private func reply(to request: String, on channel: DescriptorChannel) async -> ControlReply? {
        await withTaskGroup(of: ControlReply?.self) { [handler] group in
            group.addTask { await handler(request) }
            group.addTask {
                // Nothing but the end can come: there is one request.
                _ = try? await channel.read()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// Reads up to the end of a line; nil if that does not come, or too late.
    private static func readRequest(_ channel: DescriptorChannel) async throws -> String? {
        var request: [UInt8] = []
        while request.count <= requestBytes, let bytes = try await channel.read() {
            request.append(contentsOf: bytes)
            if let end = request.firstIndex(of: UInt8(ascii: "\n")) {
                return end <= requestBytes ? String(decoding: request[..<end], as: UTF8.self) : nil
            }
        }
        return nil
    }
}

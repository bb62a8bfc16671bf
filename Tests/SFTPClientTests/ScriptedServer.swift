// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

/// A server that does what a test tells it, good or bad, under virtual time.
final class ScriptedServer {
    private let pipe: InMemoryPipe
    private let loop: SimulatedLoop
    private var decoder = SFTPPacketDecoder()

    init(pipe: InMemoryPipe, loop: SimulatedLoop) {
        self.pipe = pipe
        self.loop = loop
    }

    /// Does nothing for a while.
    func pause(_ duration: Duration) async throws { try await loop.sleep(for: duration) }

    /// The next message of the client; nil once it has closed the channel.
    func nextMessage() async throws -> SFTPClientMessage? {
        while true {
            if let frame = try decoder.next() { return try SFTPClientMessage(decoding: frame) }
            guard let bytes = try await pipe.read() else { return nil }
            decoder.append(bytes)
        }
    }

    /// The next request.
    ///
    /// - Throws: `ChannelError.closedByPeer` once the client has closed the channel.
    func next() async throws -> (id: UInt32, request: SFTPRequest) {
        guard case .request(let id, let request) = try await nextMessage() else {
            throw ChannelError.closedByPeer
        }
        return (id, request)
    }

    /// The next `count` requests.
    func next(_ count: Int) async throws -> [(id: UInt32, request: SFTPRequest)] {
        var requests: [(id: UInt32, request: SFTPRequest)] = []
        while requests.count < count { requests.append(try await next()) }
        return requests
    }

    /// The next request, which is answered.
    @discardableResult
    func answerNext(_ reply: SFTPReply) async throws -> SFTPRequest {
        let (id, request) = try await next()
        try await send(reply, to: id)
        return request
    }

    func send(_ reply: SFTPReply, to id: UInt32) async throws {
        try await pipe.write(reply.encode(id: id))
    }

    func send(raw bytes: Bytes) async throws {
        try await pipe.write([bytes])
    }

    /// Ends the stream to the client.
    func end() async throws { try await pipe.finishWriting() }

    /// Waits until the client has closed the channel, and answers nothing.
    func ignoreTheRest() async throws {
        while try await nextMessage() != nil {}
    }

    /// Takes INIT, and answers it with a version and extensions.
    func welcome(version: UInt32 = 3, extensions: [SFTPExtension] = []) async throws {
        guard
            case .initialize(version: 3, extensions: [ExactExtension.pair]) =
                try await nextMessage()
        else {
            throw ChannelError.closedByPeer
        }
        let pairs = extensions.map(SFTPVersion.ExtensionPair.init)
        let version = SFTPVersion(version: version, extensions: pairs)
        try await pipe.write(SFTPServerMessage.version(version).encode())
    }
}

/// Runs `body` with one end of a pipe at whose other end `script` runs, until `body` returns.
///
/// - Parameter readLimit: the most bytes that either side receives at once.
func simulate<T: Sendable>(
    readLimit: Int = .max,
    server script: @escaping @Sendable (ScriptedServer) async throws -> Void,
    channel body: @escaping @Sendable (InMemoryPipe, SimulatedLoop) async throws -> T
) throws -> T {
    let loop = SimulatedLoop()
    return try loop.run {
        let (ours, theirs) = InMemoryPipe.makePair(loop: loop, readLimit: readLimit)
        // A script ends where the client closes the channel on it.
        loop.spawn {
            try? await script(ScriptedServer(pipe: theirs, loop: loop))
            await theirs.close()
        }
        let result: Result<T, any Error>
        do {
            result = .success(try await body(ours, loop))
        } catch {
            result = .failure(error)
        }
        await ours.close()
        return try result.get()
    }
}

/// Runs `body` with a client of a server that is welcoming, and then does what `script` says.
func simulate<T: Sendable>(
    extensions: [SFTPExtension] = [], readLimit: Int = .max,
    server script: @escaping @Sendable (ScriptedServer) async throws -> Void,
    client body: @escaping @Sendable (SFTPClient, SimulatedLoop) async throws -> T
) throws -> T {
    try simulate(readLimit: readLimit) { server in
        try await server.welcome(extensions: extensions)
        try await script(server)
        try await server.ignoreTheRest()
    } channel: { channel, loop in
        try await body(try await SFTPClient.open(over: channel, loop: loop), loop)
    }
}

extension SFTPReply {
    /// STATUS.
    static func status(_ code: StatusCode) -> SFTPReply { .status(SFTPStatus(code)) }
}

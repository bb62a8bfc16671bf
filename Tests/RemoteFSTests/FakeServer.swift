// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

@testable import RemoteFS

/// A server in memory that answers each request with what a test says, under virtual time.
actor FakeServer {
    /// Nil leaves the request without an answer.
    typealias Answer = @Sendable (SFTPRequest) -> SFTPReply?

    nonisolated let loop: SimulatedLoop
    private let pipe: InMemoryPipe
    private let extensions: [SFTPVersion.ExtensionPair]
    private var decoder = SFTPPacketDecoder()
    private var answer: Answer
    private(set) var requests: [SFTPRequest] = []
    private var unanswered: [(id: UInt32, request: SFTPRequest)] = []
    private var latency = Duration.zero

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    init(
        _ pipe: InMemoryPipe, _ loop: SimulatedLoop, _ extensions: [SFTPVersion.ExtensionPair],
        _ answer: @escaping Answer
    ) {
        self.pipe = pipe
        self.loop = loop
        self.extensions = extensions
        self.answer = answer
    }

    /// Answers in another way from now on, beginning with what has been left unanswered.
    func answer(_ answer: @escaping Answer) async throws {
        self.answer = answer
        let waiting = unanswered
        unanswered = []
        for (id, request) in waiting { try await reply(to: request, id: id) }
    }

    /// Answers each request only after some time from now on.
    func answer(after latency: Duration) { self.latency = latency }

    /// Forgets which requests have come.
    func forgetRequests() { requests = [] }

    /// Ends the connection.
    func hangUp() async { await pipe.close() }

    func run() async {
        try? await serve()
        await pipe.close()
    }

    private func serve() async throws {
        while let bytes = try await pipe.read() {
            decoder.append(bytes)
            while let frame = try decoder.next() {
                switch try SFTPClientMessage(decoding: frame) {
                case .initialize:
                    let version = SFTPVersion(extensions: extensions)
                    try await pipe.write(SFTPServerMessage.version(version).encode())
                case .request(let id, let request):
                    requests.append(request)
                    if latency == .zero {
                        try await reply(to: request, id: id)
                    } else {
                        replyLater(to: request, id: id)
                    }
                }
            }
        }
    }

    private func replyLater(to request: SFTPRequest, id: UInt32) {
        loop.spawn {
            try? await self.loop.sleep(for: self.latency)
            try? await self.reply(to: request, id: id)
        }
    }

    private func reply(to request: SFTPRequest, id: UInt32) async throws {
        guard var reply = answer(request) else {
            unanswered.append((id, request))
            return
        }
        // What is small is read as soon as it is open, which most tests have no answer for.
        if case .read = request, reply == ok { reply = failure }
        if case .read = request, case .attributes = reply { reply = failure }
        try await pipe.write(reply.encode(id: id))
    }
}

/// Runs `body` with a file system over a fake server.
///
/// What is known is valid for a second, and nothing is fetched ahead, unless `configure` says
/// otherwise.
func simulate(
    extensions: [SFTPExtension] = [.posixRename, .hardlink, .statvfs, .lsetstat, .copyData],
    isExact: Bool = false,
    answer: @escaping FakeServer.Answer,
    configure: (inout RemoteFSOptions) -> Void = { _ in },
    body: @escaping @Sendable (RemoteFS, FakeServer) async throws -> Void
) throws {
    let loop = SimulatedLoop()
    var options = RemoteFSOptions(wallClock: { 1_000_000 }, log: { _ in })
    options.rootPath = bytes("/srv")
    options.cache.attributeTimeout = .seconds(1)
    options.cache.listingTimeout = .seconds(1)
    options.cache.linkTimeout = .seconds(1)
    options.cache.listingsAhead = 0
    options.cache.filesAhead = 0
    configure(&options)
    try loop.run { [options] in
        let (ours, theirs) = InMemoryPipe.makePair(loop: loop)
        let server = FakeServer(
            theirs, loop,
            extensions.map { .init($0) } + (isExact ? [ExactExtension.pair] : []), answer)
        loop.spawn { await server.run() }
        let client = try await SFTPClient.open(over: ours, loop: loop)
        let fileSystem = RemoteFS(
            link: ServerLink(only: client, loop: loop), options: options, loop: loop)
        do {
            try await body(fileSystem, server)
        } catch {
            await client.disconnect()
            throw error
        }
        await client.disconnect()
    }
}

extension RemoteFS {
    /// Looks at what is known of nodes.
    func look<T: Sendable>(_ body: @Sendable (NodeTable) -> T) -> T { body(nodes) }

    /// Waits until what has been written to a file is on the server, or has failed.
    func settle(_ handle: HandleID) async throws(Errno) {
        if let inode = files[handle]?.inode { try await settleWrites(of: inode) }
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A reply that a request has succeeded.
let ok = SFTPReply.status(SFTPStatus(.ok))

/// A reply that something failed, without a word why.
let failure = SFTPReply.status(SFTPStatus(.failure))

let noSuchFile = SFTPReply.status(SFTPStatus(.noSuchFile))

/// A regular file's attributes.
func file(size: UInt64 = 10, mtime: UInt32 = 1) -> SFTPReply {
    .attributes(fileAttributes(size: size, mtime: mtime))
}

func fileAttributes(size: UInt64 = 10, mtime: UInt32 = 1) -> FileAttributes {
    FileAttributes(
        size: size, owner: .init(uid: 1, gid: 1), permissions: 0o100644,
        times: .init(atime: 1, mtime: mtime))
}

/// A directory's attributes.
let directory = SFTPReply.attributes(
    FileAttributes(
        size: 4096, owner: .init(uid: 1, gid: 1), permissions: 0o040755,
        times: .init(atime: 1, mtime: 1)))

/// A handle, whatever for.
let handle = SFTPReply.handle(bytes("h")[...])

/// A NAME reply with files of these names.
func names(_ names: [UInt8]...) -> SFTPReply { listing(names) }

/// A NAME reply with files of these names.
func listing(_ names: [[UInt8]], size: UInt64 = 10) -> SFTPReply {
    .name(
        names.map {
            NameEntry(filename: $0[...], longname: [], attributes: fileAttributes(size: size))
        })
}

/// Whether an operation fails with this errno.
func fails<T>(_ expected: Errno, _ operation: () async throws(Errno) -> T) async -> Bool {
    do {
        _ = try await operation()
        return false
    } catch {
        return error == expected
    }
}

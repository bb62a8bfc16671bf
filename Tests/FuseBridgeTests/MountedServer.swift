// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import LocalSFTPServer
import SFTPClient
import Synchronization
import Testing

@testable import FuseBridge
@testable import RemoteFS

/// Tests that mount: one at a time, since each takes threads that wait for the others' programs.
@Suite(.serialized) enum RealMounts {}

/// A directory of OpenSSH's SFTP server, mounted: loop, client, file system and bridge on a thread
/// of their own, as in a mount process.
final class MountedServer: Sendable {
    private enum State {
        case starting
        case mounted
        case failed(String)
        case ended
    }

    let remote: TemporaryDirectory
    let mountPoint: TemporaryDirectory
    let server: LocalSFTPServer
    private let state = Mutex(State.starting)
    private let loop = Mutex<EpollLoop?>(nil)
    private let bridge = Mutex<FuseBridge?>(nil)
    private let serverHasStopped = Atomic(false)
    private let configure: @Sendable (inout RemoteFSOptions) -> Void
    private let trace: Trace?

    /// Paths for shell commands.
    var there: String { remote.path }
    var here: String { mountPoint.path }

    init(
        trace: Trace? = nil,
        _ configure: @escaping @Sendable (inout RemoteFSOptions) -> Void = { _ in }
    ) throws {
        remote = try TemporaryDirectory()
        mountPoint = try TemporaryDirectory()
        server = try LocalSFTPServer(directory: remote.path)
        self.configure = configure
        self.trace = trace
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self)
        let result = unsafe pthread_create(&thread, nil, mountedServerMain, context.toOpaque())
        precondition(result == 0)
        pthread_detach(thread)
        try waitUntilMounted()
    }

    private func waitUntilMounted() throws {
        while true {
            switch state.withLock({ $0 }) {
            case .starting: usleep(1000)
            case .mounted: return
            case .failed(let reason): throw TestProblem(reason)
            case .ended: throw TestProblem("ended early")
            }
        }
    }

    fileprivate func run() {
        do {
            let loop = try EpollLoop()
            self.loop.withLock { $0 = loop }
            let bridge = try loop.run { try await self.mount(loop) }
            self.bridge.withLock { $0 = bridge }
            state.withLock { $0 = .mounted }
            loop.run()
            bridge.assumeIsolated { $0.unmount() }
            state.withLock { $0 = .ended }
        } catch {
            state.withLock { $0 = .failed("\(error)") }
        }
    }

    private func mount(_ loop: EpollLoop) async throws -> FuseBridge {
        let client = try await SFTPClient.open(over: server.channel(loop: loop), loop: loop)
        var options = RemoteFSOptions(wallClock: { Int64(time(nil)) }, log: { print("log:", $0) })
        options.rootPath = Array(remote.path.utf8)
        options.cache.attributeTimeout = .seconds(1)
        options.cache.listingTimeout = .seconds(1)
        options.cache.linkTimeout = .seconds(1)
        configure(&options)
        let fileSystem = RemoteFS(
            link: ServerLink(only: client, loop: loop), options: options, loop: loop)
        let bridge = FuseBridge(fileSystem, trace: trace, loop: loop)
        try await bridge.mount(
            at: mountPoint.path, options: ["fsname=test:\(remote.path)", "subtype=hawser"]
        ) { loop.stop() }
        return bridge
    }

    /// Unmounts and ends everything.
    ///
    /// Every test calls it, whatever happens in it.
    func end() {
        guard case .mounted = state.withLock({ $0 }) else { return }
        loop.withLock { $0 }.map { loop in loop.execute { loop.stop() } }
        while case .mounted = state.withLock({ $0 }) { usleep(1000) }
        if !serverHasStopped.load(ordering: .relaxed) { server.stop() }
    }

    /// Whether libfuse's session is kept when the mount ends now, while the loop goes on.
    func keepsSessionAfterUnmount() -> Bool {
        let result = Mutex<Bool?>(nil)
        let bridge = bridge.withLock { $0 }
        loop.withLock { $0 }.map { loop in
            loop.execute {
                let isKept = bridge?.assumeIsolated { bridge in
                    weak let session = bridge.session
                    bridge.unmount()
                    return session != nil
                }
                result.withLock { $0 = isKept ?? false }
            }
        }
        while true {
            if let isKept = result.withLock({ $0 }) { return isKept }
            usleep(1000)
        }
    }

    /// How many nodes the file system knows.
    func knownNodes() -> Int {
        let result = Mutex<Int?>(nil)
        let bridge = bridge.withLock { $0 }
        loop.withLock { $0 }.map { loop in
            loop.execute {
                let fileSystem = bridge?.assumeIsolated { $0.fileSystem }
                let count = fileSystem?.assumeIsolated { $0.nodes.count }
                result.withLock { $0 = count ?? 0 }
            }
        }
        while true {
            if let count = result.withLock({ $0 }) { return count }
            usleep(1000)
        }
    }

    /// Ends the server under the mount.
    func stopServer() {
        serverHasStopped.store(true, ordering: .relaxed)
        server.stop()
    }
}

private func mountedServerMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { preconditionFailure("a thread without its mount") }
    unsafe Unmanaged<MountedServer>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

/// Runs `body` with a mount.
func withMount(
    _ configure: @escaping @Sendable (inout RemoteFSOptions) -> Void = { _ in },
    _ body: (MountedServer) throws -> Void
) throws {
    let mount = try MountedServer(configure)
    defer { mount.end() }
    try body(mount)
}

/// A test's own surroundings are not as it needs them.
struct TestProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

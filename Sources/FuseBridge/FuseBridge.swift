// SPDX-License-Identifier: Apache-2.0

internal import CFuse
public import EventLoop
import Glibc
public import RemoteFS
import Wire

/// The kernel's side of a mount: takes requests from the FUSE device on the loop and hands each to
/// the file system in a task of its own.
///
/// The only user of libfuse. What libfuse lends for the time of a call is copied before the task
/// starts, but for the data of large writes: those stay in the buffer they were received in, which is
/// then replaced.
public actor FuseBridge: LoopActor {
    /// The room for one request: the largest write, and libfuse's allowance for headers.
    private static let receiveBytes = Int(FuseBridgeOptions.requestBytes) + 4096
    /// How many requests one turn takes from the device.
    private static let requestsPerTurn = 16
    /// How many names a helper thread asks the kernel to drop before it looks if that is still wanted.
    private static let dropsPerTurn = 64
    /// Payloads up to this many bytes are copied: their buffer need not be replaced then, and what is kept
    /// until the server has it takes no more than twice its size.
    private static let copiedBytes = receiveBytes / 2

    /// Makes a file system; what it throws has been told to whoever should know.
    public typealias FileSystemMaker = @Sendable () async throws -> RemoteFS

    /// The file system; nil until it is made.
    var fileSystem: RemoteFS?
    private let makeFileSystem: FileSystemMaker?
    /// Whether the kernel's first request, which is for us alone, has been answered.
    private var hasBegun = false
    nonisolated let options: FuseBridgeOptions
    nonisolated let trace: Trace?
    let loop: EpollLoop
    /// What has become of the kernel's requests.
    public internal(set) var statistics = OperationStatistics()
    private(set) var session: Session?
    private var watch: WatchID?
    private var onEnd: (@Sendable () -> Void)?

    /// Names that the kernel is still to be asked to drop.
    private var namesToDrop: ArraySlice<KnownName> = []
    private var isDropping = false
    private let dropped: WaitQueue

    /// The buffer for the next request.
    private var spare = makeReceiveBuffer()
    /// The request that is being taken apart, and where it lies.
    private var received: [UInt8] = []
    private var receivedAt: UInt = 0
    private var keepsReceived = false

    /// The loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// A bridge to a file system; nothing is mounted yet.
    ///
    /// - Parameters:
    ///   - fileSystem: what answers the kernel's requests.
    ///   - options: what the kernel is asked for.
    ///   - trace: where each request is told of; nil for nowhere.
    ///   - loop: the loop of the bridge and of the file system.
    public init(
        _ fileSystem: RemoteFS, options: FuseBridgeOptions = .init(), trace: Trace? = nil,
        loop: EpollLoop
    ) {
        self.fileSystem = fileSystem
        makeFileSystem = nil
        self.options = options
        self.trace = trace
        self.loop = loop
        dropped = WaitQueue(loop: loop)
    }

    /// A bridge to a file system that is made when the mount is first used.
    public init(
        options: FuseBridgeOptions = .init(), trace: Trace? = nil, loop: EpollLoop,
        makeFileSystem: @escaping FileSystemMaker
    ) {
        fileSystem = nil
        self.makeFileSystem = makeFileSystem
        self.options = options
        self.trace = trace
        self.loop = loop
        dropped = WaitQueue(loop: loop)
    }

    /// Mounts, and serves the kernel's requests from then on.
    ///
    /// - Parameters:
    ///   - mountPoint: the path of the directory to mount on.
    ///   - options: mount options by their names: `fsname=`, `subtype=` and those of the kernel.
    ///   - onEnd: called on the loop when the file system has been unmounted, by whomever.
    /// - Throws: ``MountError``; fusermount3, where it is needed, says more on the standard error output.
    public func mount(
        at mountPoint: String, options: [String], onEnd: @escaping @Sendable () -> Void
    ) async throws {
        precondition(session == nil, "mounted already")
        let session = try unsafe Session(
            options: options + ["max_read=\(self.options.maximumRead)"], operations: operations(),
            context: Unmanaged.passUnretained(self).toOpaque())
        // It may run fusermount3 and wait for it.
        try await loop.offload { try session.mount(at: mountPoint) }
        let descriptor = session.descriptor
        do {
            try watchDevice(descriptor)
        } catch {
            try? await loop.offload { session.unmount() }
            throw error
        }
        self.session = session
        self.onEnd = onEnd
        if let fileSystem { await listen(to: fileSystem) }
    }

    func watchDevice(_ descriptor: CInt) throws {
        watch = try loop.watch(descriptor, for: .read) { [self] _ in
            assumeIsolated { $0.receiveSome(from: descriptor) }
        }
    }

    func listen(to fileSystem: RemoteFS) async {
        await fileSystem.onStaleStatus { [weak self] inode in
            await self?.invalidateAttributes(of: inode)
        }
        await fileSystem.onTooManyNodes { [weak self] names in
            self?.assumeIsolated { $0.drop(names) }
        }
    }

    // MARK: Telling the kernel

    private func invalidateAttributes(of inode: InodeNumber) async {
        guard let session else { return }
        try? await loop.offload { session.invalidateAttributes(of: inode) }
    }

    /// Asks the kernel to drop names, in order, on a helper thread: each call waits for the lock of a
    /// directory, which a request that is still unanswered may hold.
    private func drop(_ names: [KnownName]) {
        guard session != nil else { return }
        namesToDrop.append(contentsOf: names)
        guard !isDropping else { return }
        isDropping = true
        loop.spawn { await self.dropNames() }
    }

    private func dropNames() async {
        while let session, !namesToDrop.isEmpty {
            let some = Array(namesToDrop.prefix(Self.dropsPerTurn))
            namesToDrop = namesToDrop.dropFirst(some.count)
            try? await loop.offload { for name in some { session.drop(name) } }
        }
        isDropping = false
        dropped.wakeAll()
    }

    /// Waits until no thread is telling the kernel to drop something, while requests are answered.
    private func finishDropping() async {
        namesToDrop = []
        // Whoever holds a lock gets his answer, if only an error.
        await fileSystem?.disconnect()
        while isDropping { await dropped.waitThroughout() }
    }

    /// What the file system holds; nil before it is made.
    public var usage: FileSystemUsage? {
        get async { await fileSystem?.usage }
    }

    /// Has everything that programs have written put on the server.
    ///
    /// - Returns: the files of which that can't be said.
    public func flush() async -> [FlushFailure] { await fileSystem?.flush() ?? [] }

    /// Waits until nothing is pending that programs have written.
    public func finishWriting() async { try? await fileSystem?.settleAllWrites() }

    /// Unmounts without waiting for those who use the file system; what they do next fails.
    ///
    /// Blocks for as long as fusermount3 takes; the loop need not run.
    public func unmount() {
        // The device must not be closed under a thread that writes to it.
        if isDropping { try? loop.run { await self.finishDropping() } }
        stopWatching()
        session?.unmount()
        session = nil
    }

    func stopWatching() {
        if let watch { loop.unwatch(watch) }
        watch = nil
    }

    // MARK: Receiving

    private func receiveSome(from descriptor: CInt) {
        for _ in 0..<Self.requestsPerTurn {
            if hasBegun, fileSystem == nil, let makeFileSystem, requestWaits(descriptor) {
                return obtainFileSystem(by: makeFileSystem)
            }
            guard watch != nil, receiveOne(from: descriptor) else { return }
        }
    }

    /// Takes one request from the device.
    ///
    /// By read(2) instead of libfuse's own function, which may replace the buffer it is given.
    ///
    /// - Returns: whether there may be more.
    func receiveOne(from descriptor: CInt) -> Bool {
        var buffer: [UInt8] = []
        swap(&buffer, &spare)
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe read(descriptor, $0.baseAddress, $0.count)
        }
        let error = errno
        defer { if spare.isEmpty { spare = buffer } }
        guard count > 0 else {
            // ENOENT: the request was interrupted before it was read. EINTR is the same for us.
            if count == -1, [ENOENT, EINTR].contains(error) { return true }
            if count == -1, error == EAGAIN { return false }
            end()
            return false
        }
        process(buffer, count: count)
        hasBegun = true
        if keepsReceived { buffer = Self.makeReceiveBuffer() }
        return true
    }

    private func process(_ buffer: [UInt8], count: Int) {
        guard let session else { return }
        keepsReceived = false
        received = buffer
        unsafe buffer.withUnsafeBytes { bytes in
            receivedAt = UInt(bitPattern: bytes.baseAddress)
            unsafe session.process(bytes, count: count)
        }
        received = []
    }

    /// The data of a write request that is being taken apart.
    ///
    /// - Parameter address: where libfuse found the data, within what was received.
    func takePayload(at address: UInt, count: Int) -> Bytes {
        let start = Int(address - receivedAt)
        let payload = received[start..<start + count]
        if count <= Self.copiedBytes { return Array(payload)[...] }
        keepsReceived = true
        return payload
    }

    private static func makeReceiveBuffer() -> [UInt8] {
        // Not filled: read(2) writes what is looked at, and a write's megabyte is never cleared first.
        unsafe [UInt8](unsafeUninitializedCapacity: receiveBytes) { _, count in
            count = receiveBytes
        }
    }

    func end() {
        stopWatching()
        onEnd?()
        onEnd = nil
    }
}

// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SFTPClient
import SFTPProtocol
import Wire

/// The file system: nodes, what is known of them, open files, and what each request of the kernel
/// means to the server.
///
/// It knows nothing of FUSE. Every operation either succeeds or throws the errno that is true. All
/// state changes in synchronous steps of this actor; what was looked up before an `await` is looked
/// up again after it. A path is made and sent in one such step, so that requests reach the server in
/// the order in which the tree has changed.
public actor RemoteFS: LoopActor {
    /// The loop that everything here runs on.
    public nonisolated let loop: any EventLoop
    let serverLink: ServerLink
    let options: RemoteFSOptions

    var nodes = NodeTable()
    var files = HandleTable<OpenFile>()
    var directories = HandleTable<OpenDirectory>()
    var keptListings: KeptListings
    var listingTimerIsSet = false
    /// How many names have been made up for what was moved aside.
    var asideCount = 0
    /// What is known of users and groups that are mapped by name; nil until one is asked for.
    var learntUsers: LearntIdentities?
    var learntGroups: LearntIdentities?
    /// How many directories the server has open for us.
    var openDirectoryCount = 0
    /// How many listings are being fetched ahead of those who will read them.
    var fetchesAhead = 0
    /// Small files that are open before programs come to them.
    var filesAhead = FilesAhead()
    var filesAheadTimerIsSet = false
    /// How many small files' contents wait for their readers.
    var smallFileReadCount = 0
    private var dropHandler: (@Sendable ([KnownName]) -> Void)?
    /// Whether the kernel has just been asked to drop names.
    private var isDropping = false
    /// Where the kernel may be on its way up a link.
    var walks = LinkWalks()
    /// The root's absolute path without links, once it has been asked for.
    var knownRealRoot: LinkTarget?
    /// The file system of the first file that the server has told exactly of.
    private var firstDevice: UInt64?
    /// Names from the server that were not fit to be shown.
    public internal(set) var unsafeNameCount = 0

    /// What has been written to files and need not be waited for.
    var pendingWrites: [InodeNumber: FileWrites] = [:]
    /// What files hold that are being written anew.
    var newContents: [InodeNumber: NewContent] = [:]
    /// Those who wait for some of it to be answered.
    let writeProgress: WaitQueue
    /// How many bytes are being written to files by those who wait for it.
    var bytesBeingWritten: [InodeNumber: Int] = [:]
    /// Opens that have failed and are about to be tried again.
    var retriedOpens = RetriedOpens()
    /// Looks that have failed and are about to be taken again.
    var retriedLooks = RetriedLooks()
    var looks = OpenFileLooks()
    /// Names that were seen not to be there.
    var absences = SeenAbsences()
    /// What the server gives to what we make; nil before we have made something.
    var ownMark: OwnMark?
    /// The last connection whose session, and all before it, is known to have ended on the server.
    var endedGeneration: UInt64?
    /// The files that an older session may still change.
    var lateFiles = LateFiles()
    /// What is held for programs that have not read it yet.
    var aheadMemory = ReadAheadMemory()
    /// How much to have on its way from the server, on this connection.
    var readWindow = ReadWindow()
    private let moves: WaitQueue
    /// Those who wait for a file to be opened again.
    let reopenings: WaitQueue
    private var staleHandler: (@Sendable (InodeNumber) async -> Void)?

    /// The loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.asUnownedSerialExecutor()
    }

    /// Whether the caller is on the loop's thread.
    public nonisolated var isOnLoop: Bool { loop.isCurrent }

    /// A file system whose root is a directory on the server that a link leads to.
    public init(link: ServerLink, options: RemoteFSOptions, loop: any EventLoop) {
        serverLink = link
        self.options = options.withEffectiveTimes
        self.loop = loop
        keptListings = KeptListings(maximumEntries: options.cache.maximumEntries)
        moves = WaitQueue(loop: loop)
        reopenings = WaitQueue(loop: loop)
        writeProgress = WaitQueue(loop: loop)
        serverLink.assumeIsolated { link in
            link.start { [weak self] in
                self?.assumeIsolated { $0.forgetServer() }
            } bytesUnderWay: { [weak self] in
                self?.assumeIsolated { $0.unwritten.bytes } ?? 0
            }
        }
    }

    /// The client of the present connection; where that is lost, every call of it fails at once.
    var client: SFTPClient { serverLink.assumeIsolated { $0.client } }

    /// When the server was last heard of, in the loop's time.
    public var lastReceived: Duration {
        serverLink.assumeIsolated { $0.lastReceived }
    }

    /// Whether there is no connection now, so that what is sent gets no answer.
    public var isCutOff: Bool {
        serverLink.assumeIsolated { $0.isDown }
    }

    /// Ends the link to the server for good: all that waits for it fails.
    public func disconnect() {
        serverLink.assumeIsolated { $0.end() }
    }

    /// Believes nothing any more that another connection may not lead to.
    private func forgetServer() {
        knownRealRoot = nil
        closeFilesAhead()
        (learntUsers, learntGroups) = (nil, nil)
        readWindow = ReadWindow()
        noteEndOfOlderSessions()
    }

    // MARK: Paths

    /// The path of a node, once no rename in flight can change it.
    ///
    /// The caller sends it before it suspends again.
    func path(to inode: InodeNumber) async throws(Errno) -> Bytes {
        try await settle(inode)
        return try settledPath(to: inode)
    }

    /// The path of a name in a directory, once no rename or removal in flight can change it, or what
    /// has that name.
    func path(to name: FileName, in parent: InodeNumber) async throws(Errno) -> Bytes {
        while nodes.isUnsettled(name, in: parent) { try await waitForMove() }
        return try settledPath(to: name, in: parent)
    }

    /// Waits for the renames and removals in flight that may change the paths of some nodes.
    ///
    /// - Throws: `EINTR` when the task is cancelled.
    func settle(_ inodes: InodeNumber...) async throws(Errno) {
        while inodes.contains(where: { nodes.isUnsettled($0) }) { try await waitForMove() }
    }

    private func waitForMove() async throws(Errno) {
        do { try await moves.wait() } catch { throw .EINTR }
    }

    func settledPath(to inode: InodeNumber) throws(Errno) -> Bytes {
        guard let names = nodes.names(to: inode) else { throw .ESTALE }
        return try path(of: names)
    }

    func settledPath(to name: FileName, in parent: InodeNumber) throws(Errno) -> Bytes {
        guard let names = nodes.names(to: parent) else { throw .ESTALE }
        return try path(of: names + [name])
    }

    func path(of names: [FileName]) throws(Errno) -> Bytes {
        var path = options.rootPath
        for name in names {
            if let last = path.last, last != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
            path.append(contentsOf: try options.sent(name))
        }
        return path.isEmpty ? [UInt8(ascii: ".")] : path[...]
    }

    /// Lets those go on who wait for a rename or removal.
    func endMove(of inode: InodeNumber) {
        nodes.endMove(inode)
        moves.wakeAll()
    }

    // MARK: Attributes

    /// Sets what is done when a node turns out not to be what its last status says, which may still be
    /// taken as true.
    ///
    /// What needs the true status waits until it is done.
    public func onStaleStatus(_ handler: @escaping @Sendable (InodeNumber) async -> Void) {
        staleHandler = handler
    }

    /// Has everyone ask for the status of a node who was shown one.
    func invalidateShown(_ inode: InodeNumber) async {
        await staleHandler?(inode)
    }

    /// Sets what is done with names that the kernel should forget, since more nodes are known than are
    /// wanted.
    ///
    /// Nobody waits for it: the kernel may hold locks of requests that are still to be answered.
    public func onTooManyNodes(_ handler: @escaping @Sendable ([KnownName]) -> Void) {
        dropHandler = handler
    }

    /// Has the kernel drop files that have not been looked up for long, if there are too many nodes, and
    /// goes on with that for as long as it helps.
    ///
    /// - Parameter patience: how often that may have been of no use.
    func dropIdleNodes(patience: Int = 8) {
        guard nodes.nameCount >= options.maximumNodes, patience > 0, !isDropping, let dropHandler
        else { return }
        isDropping = true
        let count = nodes.nameCount
        dropHandler(nodes.takeIdleFiles(max(options.maximumNodes / 16, 1)))
        // It takes the kernel some time, and what is in use stays.
        _ = loop.schedule(at: loop.now + .milliseconds(100)) { [weak self] in
            self?.assumeIsolated { fileSystem in
                fileSystem.isDropping = false
                let hasHelped = fileSystem.nodes.nameCount < count
                fileSystem.dropIdleNodes(patience: hasHelped ? 8 : patience - 1)
            }
        }
    }

    /// Notes that a change of a node has been answered.
    ///
    /// - Returns: the number of this end.
    @discardableResult
    func endChange(of inode: InodeNumber) async -> UInt64 {
        let end = nodes.endChange(of: inode)
        for twin in nodes.takeChangedTwins() { await invalidateShown(twin) }
        return end
    }

    /// The attributes of a node, while they are valid.
    func cachedAttributes(of inode: InodeNumber) -> Timed<FileAttributes>? {
        guard let node = nodes[inode], let heard = node.attributes else { return nil }
        let validUntil = heard.at + attributeTimeout(of: node)
        return loop.now < validUntil ? Timed(value: heard.value, validUntil: validUntil) : nil
    }

    /// For how long attributes of a node are believed.
    ///
    /// Of an open file, no longer than by the kernel: what is read should not end where the file did
    /// long ago. The same of an open directory whose entries the kernel may keep: by its time it tells if
    /// they are still those.
    private func attributeTimeout(of node: Node) -> Duration {
        let isInUse =
            node.openCount > 0 && (node.kind == .regular || entryValidity > .zero)
        return isInUse
            ? min(options.cache.attributeTimeout, options.attributeValidity)
            : options.cache.attributeTimeout
    }

    /// Takes attributes that answered a request sent after our change number `change`.
    ///
    /// - Parameter time: when they were heard; nil for just now.
    /// - Returns: for how long the kernel may believe them; not at all where we have changed the node
    ///   since.
    @discardableResult
    func store(
        _ attributes: FileAttributes, of inode: InodeNumber, askedAfter change: UInt64,
        heardAt time: Duration? = nil
    ) -> Duration {
        guard let node = nodes[inode], node.isUnchanged(since: change) else { return .zero }
        let heard = Heard(value: attributes, at: time ?? loop.now)
        nodes.setAttributes(heard, of: inode)
        confirmNewContent(of: inode, heard)
        // What a path leads to may be another file while it is not open on this connection.
        if let details = node.details, details.identity != nil {
            if node.openCount == 0 {
                details.identity = nil
            } else if currentHandle(of: inode) != nil {
                details.identity = FileIdentity(attributes)
            }
        }
        if node.kind == .directory { compareListing(of: inode, with: heard) }
        let left = heard.at + attributeTimeout(of: node) - loop.now
        return min(options.attributeValidity, max(left, .zero))
    }

    /// What stat(2) is to show.
    func status(_ attributes: FileAttributes, of inode: InodeNumber) -> FileStatus {
        let pendingEnd = pendingWrites.isEmpty ? 0 : pendingWrites[inode]?.pending.end ?? 0
        return FileStatus(
            inode: inode, number: number(of: attributes.exact?.identity) ?? inode,
            mode: shownMode(attributes.permissions ?? 0),
            linkCount: linkCount(of: inode, attributes.exact),
            size: max(attributes.size ?? 0, pendingEnd),
            uid: options.userID ?? attributes.owner?.uid ?? 0,
            gid: options.groupID ?? attributes.owner?.gid ?? 0,
            blocks: attributes.exact?.blocks ?? attributes.contentBlocks,
            atime: attributes.exactAtime, mtime: attributes.exactMtime,
            ctime: attributes.exact?.ctime ?? attributes.exactMtime)
    }

    /// The number to show as `st_ino` where the server tells its own: that itself, in the file system
    /// that was met first, and mixed with the other's in every other.
    func number(of identity: ExactAttributes.Identity?) -> UInt64? {
        guard let identity else { return nil }
        let first = firstDevice ?? identity.device
        firstDevice = first
        if identity.device == first { return identity.inode }
        return max(identity.inode ^ mix(identity.device, first | 1), 1)
    }

    /// A mode with the permission bits that the options demand.
    private func shownMode(_ mode: UInt32) -> UInt32 {
        guard let umask = options.umask else { return mode }
        return mode & ~0o7777 | 0o777 & ~umask
    }

    /// How many names a node has, or, where the server does not tell, how many we know: several where we
    /// have made hard links to it.
    ///
    /// A directory has 1 then, whatever is in it, which tells find(1) that this says nothing.
    private func linkCount(of inode: InodeNumber, _ exact: ExactAttributes?) -> UInt32 {
        if let exact, nodes[inode]?.remains == nil { return exact.linkCount }
        guard inode != rootInode, let node = nodes[inode] else { return 1 }
        let others = node.twins.count { nodes[$0]?.place != nil }
        return UInt32(node.places.count + others)
    }

    /// Makes a name's node known to the kernel, with attributes that answered a request sent after
    /// our change number `change`.
    ///
    /// - Parameters:
    ///   - nameChange: the change number that the name's presence is known after, where it is
    ///     another one than that of the attributes.
    ///   - time: when both were heard; nil for just now.
    ///   - keepsLinks: whether the name may be one of several of its node.
    func enter(
        _ name: FileName, in parent: InodeNumber, _ attributes: FileAttributes,
        askedAfter change: UInt64, nameAfter nameChange: UInt64? = nil,
        heardAt time: Duration? = nil, keepsLinks: Bool = false
    ) throws(Errno) -> Entry {
        // Without a kind the kernel could make nothing of it.
        guard let kind = attributes.kind else { throw .EIO }
        // Of a link that is followed, the next to ask sees the target.
        let isShown = kind != .symbolicLink || !options.symlinks.areFollowed
        let nameHolds = isShown && nodes[parent]?.isUnchanged(since: nameChange ?? change) ?? false
        let isFresh = nameHolds && isUnchanged(name, in: parent, since: change)
        let inode = nodes.lookUp(
            name, in: parent, kind: kind, exact: isFresh ? attributes.exact : nil,
            keepsLinks: keepsLinks)
        if nodes.nameCount >= options.maximumNodes { dropIdleNodes() }
        let statusValidity = store(attributes, of: inode, askedAfter: change, heardAt: time)
        let nameValidUntil = (time ?? loop.now) + options.cache.attributeTimeout
        let nameValidity = min(options.nameValidity, max(nameValidUntil - loop.now, .zero))
        return Entry(
            status: status(attributes, of: inode),
            nameValidity: nameHolds ? nameValidity : .zero, statusValidity: statusValidity)
    }
}

extension FileAttributes {
    /// The room that the content would take without holes, in units of 512 bytes.
    fileprivate var contentBlocks: UInt64 {
        let size = size ?? 0
        return size / 512 + (size % 512 == 0 ? 0 : 1)
    }
}

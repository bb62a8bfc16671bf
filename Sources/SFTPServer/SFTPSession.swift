// SPDX-License-Identifier: Apache-2.0

public import LocalFiles
public import SFTPProtocol
public import Wire

/// A client's session: carries out requests on local files, with results as if strictly in order, and
/// collects replies.
///
/// It does no I/O of its own but that on files: its owner feeds it packets and sends the replies, see
/// ``ServedSession``.
public final class SFTPSession {
    /// What a session may do, and what it says of itself.
    public struct Configuration: Sendable {
        /// Which requests are carried out.
        public var policy: RequestPolicy
        /// The files that there are for the client.
        public var files: FileTree
        /// Where to log.
        public var log: ServerLog
        /// The user whose files are served, for the log and the home directory.
        public var userName: Bytes
        /// Where the client comes from, for the log.
        public var clientAddress: Bytes
        /// How many handles may be open at a time; `nil` for as many as the system allows.
        public var handleLimit: UInt64?
        /// What may still be written and created; `nil` for as much as the system allows.
        public var quota: Quota?
        /// How fast the session may read and write.
        public var rates: RateLimits
        /// Whether the process is there for the session alone, so that a later session of the same client
        /// may end it (`SessionExtension`).
        public var ownsProcess: Bool

        /// A configuration.
        public init(
            policy: RequestPolicy = RequestPolicy(), files: FileTree = .whole, log: ServerLog,
            userName: Bytes,
            clientAddress: Bytes, handleLimit: UInt64? = SFTPSession.handleLimitOfProcess,
            quota: Quota? = nil, rates: RateLimits = RateLimits(), ownsProcess: Bool = false
        ) {
            self.policy = policy
            self.files = files
            self.log = log
            self.userName = userName
            self.clientAddress = clientAddress
            self.handleLimit = handleLimit
            self.quota = quota
            self.rates = rates
            self.ownsProcess = ownsProcess
        }
    }

    /// How many descriptors this process may open, without the 5 that OpenSSH's server keeps too.
    public static var handleLimitOfProcess: UInt64? {
        ProcessLimits.openDescriptors.flatMap { $0 > 5 ? $0 - 5 : nil }
    }

    let configuration: Configuration
    let accounts = Accounts()
    var handles: HandleTable
    var replies = ReplyQueue()
    /// What limits@openssh.com answers.
    let limits: ServerLimits
    private var isInitialized = false
    /// Whether the client has asked for ``ExactExtension``.
    private(set) var isExact = false
    /// By which a later session finds this one's process.
    var mark: SessionProcess?
    /// Has a job done on another thread, and ``finish(_:_:)`` called with its result; nil where there is
    /// nobody, and everything is done at once.
    var startJob: ((SlowJob) -> Void)?
    /// What is under way.
    var work = WorkUnderWay()
    /// How fast it goes.
    var rates = SessionRates()
    /// Whether the files of a device are nowhere but in memory.
    var memoryDevices: [UInt64: Bool] = [:]
    /// For tests, which have no slow disk.
    var diskIsNeverReady = false

    /// Where the lines of requests go: nowhere where requests are logged as events.
    let log: ServerLog
    var files: FileTree { configuration.files }

    /// A session at its start: it waits for INIT.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        log = configuration.log.withoutEvents
        limits = ServerLimits(
            maxPacketLength: UInt64(SFTPLimits.packetBytes),
            maxReadLength: UInt64(SFTPLimits.transferBytes),
            maxWriteLength: UInt64(SFTPLimits.transferBytes),
            maxOpenHandles: configuration.handleLimit ?? 0)
        handles = HandleTable(limit: configuration.handleLimit ?? UInt64(UInt32.max))
        log.log(.info, "session opened for local user \(peerText)")
        tell(event: "session-open")
    }

    /// The user and the address as they stand in log lines.
    var peerText: String {
        let user = ServerLog.escaped(configuration.userName)
        return "\(user) from [\(ServerLog.escaped(configuration.clientAddress))]"
    }

    /// How many files and directories the client has open.
    public var openHandleCount: Int { handles.count }

    /// How many bytes of replies wait to be sent.
    public var replyByteCount: Int { replies.byteCount }

    /// The replies that wait, in order; they don't wait any more.
    public func takeReplies() -> [Bytes] { replies.take() }

    /// Ends the session: closes what is open, and logs that.
    public func close() {
        for content in handles.removeAll() {
            log.log(.info, "forced \(content.closingLine)")
            tell(event: "forced-close", content.closingMembers)
            // Nobody is left to be told of an error.
            try? content.close()
        }
        log.log(.info, "session closed for local user \(peerText)")
        tell(event: "session-close")
    }

    /// Carries out one packet's request.
    ///
    /// - Throws: ``SessionFailure`` where a client breaks the order of the protocol: the session is to
    ///   be ended. A request that is badly formed by itself is answered with BAD_MESSAGE.
    public func receive(_ frame: SFTPFrame) throws(SessionFailure) {
        guard isInitialized || frame.type == .initialize else {
            throw .requestBeforeInitialization(type: frame.typeByte)
        }
        let message: SFTPClientMessage
        do {
            message = try SFTPClientMessage(decoding: frame)
        } catch {
            configuration.log.log(.error, "bad message of type \(frame.typeByte): \(error)")
            let status = SFTPStatus(.badMessage, message: "Bad message: \(error)")
            send(.status(status), id: RequestID(number: frame.id))
            return
        }
        switch message {
        case .initialize(let version, let extensions):
            try initialize(clientVersion: version, asksFor: extensions)
        case .request(let id, let request): answer(request, id: id)
        }
    }

    private func initialize(
        clientVersion: UInt32, asksFor wanted: [SFTPVersion.ExtensionPair]
    ) throws(SessionFailure) {
        guard !isInitialized else { throw .repeatedInitialization }
        isInitialized = true
        log.log(.verbose, "received client version \(clientVersion)")
        var extensions = SFTPOperation.allCases.compactMap { operation in
            let isRefused = configuration.policy.refusal(of: operation) != nil
            return isRefused ? nil : operation.protocolExtension.map(SFTPVersion.ExtensionPair.init)
        }
        isExact = wanted.contains(ExactExtension.pair)
        if isExact { extensions.append(ExactExtension.pair) }
        if let answer = endOlder(wanted) { extensions.append(answer.pair) }
        replies.append(SFTPServerMessage.version(SFTPVersion(extensions: extensions)).encode())
    }
}

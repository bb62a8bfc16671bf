// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The transport layer (RFC 4253) of one side: version exchange, packets, key exchanges.
///
/// It lets through the messages of the layers above, in order, and nothing that
/// ``MessagePolicy`` does not admit.
struct Transport<Side: KeyExchangeSide & ~Copyable>: ~Copyable {
    /// What the layers above are to know.
    enum Event {
        /// The peer's identification has come.
        case identified
        /// The server has proved that it holds this key; the exchange goes on once it is accepted.
        case hostKeyOffered(HostKey)
        /// The first keys are in use, both ways.
        case keysInstalled
        case message(MessageNumber, Bytes)
    }

    /// Which messages the layers above wait for.
    enum Service {
        case serviceRequest
        case authentication
        case connection
    }

    var service = Service.serviceRequest
    var receiver = PacketReceiver()
    var sender: PacketSender
    var rekeyPolicy: RekeyPolicy

    var offer: KeyExchangeOffer
    var credentials: Side.Credentials
    let extensions: [ExtInfo.Extension]
    let identification: Bytes
    var progress: Progress
    /// The identification, until it is sent.
    var unsentIdentification: [UInt8]
    /// When a later key exchange that is under way has to be done.
    var rekeyEnd: Duration?
    /// The connection has ended; a DISCONNECT may still have to be sent.
    var isClosed = false

    /// The peer's identification line.
    var peerIdentification: Bytes = []
    /// H of the first exchange.
    var sessionID: Bytes?
    /// The key of the first exchange: no later one may bring another.
    var hostKey: HostKey?
    var negotiated: NegotiatedAlgorithms?
    /// The peer does strict key exchange; set by its first KEXINIT, as ``peerTakesExtInfo``.
    var isStrict = false
    var peerTakesExtInfo = false

    /// How far the current key exchange is.
    enum Progress: ~Copyable {
        /// The peer's identification is awaited; our KEXINIT is on its way.
        case identifying(IdentificationReader, ours: Bytes)
        /// Our KEXINIT is on its way, the peer's is awaited.
        case offered(ours: Bytes)
        /// Both KEXINITs are there.
        case exchanging(Exchange)
        /// Keys are made; at least one NEWKEYS is missing.
        case finishing(Finishing)
        /// No exchange is under way.
        case idle
    }

    struct Exchange: ~Copyable {
        var side: Side
        let algorithms: NegotiatedAlgorithms
        /// The next packet was sent on a wrong guess.
        var skipsNextPacket: Bool
    }

    struct Finishing: ~Copyable {
        let algorithms: NegotiatedAlgorithms
        /// Keys of ours that wait for the host key to be accepted; nil once NEWKEYS is queued.
        var sealer: PacketSealer?
        var hasReceivedNewKeys: Bool
    }

    init(
        identification: String, offer: KeyExchangeOffer, credentials: Side.Credentials,
        extensions: [ExtInfo.Extension], rekeyLimits: RekeyLimits, random: RandomPool
    ) {
        self.offer = offer
        self.credentials = credentials
        self.extensions = extensions
        self.identification = Bytes(identification.utf8)
        unsentIdentification = Array(identification.utf8) + [0x0D, 0x0A]
        rekeyPolicy = RekeyPolicy(rekeyLimits)
        sender = PacketSender(random: random)
        if offer.preferences.steersCompression {
            sender.steering = DeflateSteering()
            receiver.steering = InflateSteering()
        }
        let cookie = sender.takeRandom(KexInit.cookieCount)
        let ours = offer.kexInit(cookie: cookie, isInitial: true).payload[...]
        // KEXINIT follows the identification without waiting for the peer's: half a round trip.
        sender.sendKexInit(ours)
        progress = .identifying(IdentificationReader(role: Side.role), ours: ours)
    }

    /// Whether an exchange that is under way is the connection's first: there is no other before
    /// the user is authenticated.
    var isInitial: Bool { service == .serviceRequest }

    var isIdle: Bool {
        switch progress {
        case .idle: true
        default: false
        }
    }

    private var isIdentifying: Bool {
        switch progress {
        case .identifying: true
        default: false
        }
    }

    /// What ``MessagePolicy`` is asked about.
    var phase: MessagePolicy.Phase {
        switch progress {
        // Until the peer's KEXINIT has come, everything of a connection may still be on its way.
        case .offered where !isInitial: servicePhase
        case .offered: .keyExchange(.kexInit, isInitial: true, isStrict: false)
        case .identifying: .keyExchange(.kexInit, isInitial: true, isStrict: false)
        case .exchanging(let exchange):
            .keyExchange(
                exchange.skipsNextPacket ? .wrongGuess : exchange.side.awaited,
                isInitial: isInitial,
                isStrict: isStrict)
        case .finishing(let finishing):
            finishing.hasReceivedNewKeys
                ? servicePhase
                : .keyExchange(.newKeys, isInitial: isInitial, isStrict: isStrict)
        case .idle: servicePhase
        }
    }

    /// The user is authenticated, and the peer knows it or will with our next message.
    mutating func authenticationSucceeded() {
        service = .connection
        receiver.authenticationSucceeded()
        // A server's own side follows when its SUCCESS is sealed.
        if Side.role == .client { sender.authenticationSucceeded() }
    }

    private var servicePhase: MessagePolicy.Phase {
        switch service {
        case .serviceRequest: .serviceRequest
        case .authentication: .authentication
        case .connection: .connection
        }
    }
}

// Receiving.
extension Transport where Side: ~Copyable {
    /// Handles received bytes up to the next thing that the layers above have to know.
    ///
    /// - Returns: nil if more bytes are needed.
    mutating func next(now: Duration) throws(SSHError) -> Event? {
        if isIdentifying { return try identify() }
        while let packet = try receiver.next() {
            if let event = try receive(packet, now: now) { return event }
        }
        return nil
    }

    private mutating func identify() throws(SSHError) -> Event? {
        guard case .identifying(var reader, let ours) = takeProgress() else {
            preconditionFailure("the peer has been identified")
        }
        let line = try receiver.withReceivedBytes { input throws(SSHError) in
            try reader.receive(&input)
        }
        guard let line else {
            progress = .identifying(reader, ours: ours)
            return nil
        }
        peerIdentification = line[...]
        progress = .offered(ours: ours)
        return .identified
    }

    private mutating func receive(
        _ packet: PacketReceiver.Packet, now: Duration
    ) throws(SSHError) -> Event? {
        try sender.outbox.requireRoomForReplies()
        let type = packet.payload[packet.payload.startIndex]
        let phase = phase
        switch MessagePolicy.verdict(type, in: phase, role: Side.role) {
        case .drop: return nil
        case .refuse: throw Self.refusal(type, in: phase)
        case .unimplemented:
            sender.outbox.reply(Unimplemented(sequenceNumber: packet.sequenceNumber))
            return nil
        case .accept: break
        }
        if case .keyExchange(.wrongGuess, _, _) = phase {
            skipWrongGuess()
            return nil
        }
        guard let number = MessageNumber(rawValue: type) else {
            preconditionFailure("an unknown message was admitted")
        }
        switch number {
        case .disconnect:
            let message = try decode(Disconnect.self, packet.payload)
            throw SSHError(
                .disconnectedByPeer(message.reason),
                SSHError.disconnectedPrefix + message.description.prefix(512))
        case .kexInit: try receiveKexInit(packet)
        case .kexECDHInit, .kexECDHReply, .kexGroupInit, .kexGroupReply, .kexGroupRequest:
            return try receiveMethodMessage(packet.payload, now: now)
        case .newKeys: return try receiveNewKeys(packet.payload, now: now)
        case .ping: try receivePing(packet.payload)
        default: return .message(number, packet.payload)
        }
        return nil
    }

    private mutating func receivePing(_ payload: Bytes) throws(SSHError) {
        let ping = try decode(Ping.self, payload)
        guard payload.count <= SSHLimits.outgoingPayloadBytes else {
            throw SSHError(.limitExceeded, "the peer sent a PING of \(ping.data.count) bytes")
        }
        sender.outbox.reply(Pong(data: ping.data))
    }

    private static func refusal(_ type: UInt8, in phase: MessagePolicy.Phase) -> SSHError {
        let name = MessageNumber(rawValue: type).map { "\($0) (type \(type))" } ?? "type \(type)"
        let expectation =
            switch phase {
            case .keyExchange(let step, _, _): "\(step) of a key exchange was expected"
            case .serviceRequest: "a service was being requested"
            case .authentication: "the user was being authenticated"
            case .connection: "the connection was open"
            }
        return SSHError(.protocolViolation, "the peer sent message \(name) while \(expectation)")
    }

    /// Takes the progress out, for the next one to be put in; throwing in between is the end.
    mutating func takeProgress() -> Progress {
        var taken = Progress.idle
        swap(&taken, &progress)
        return taken
    }
}

// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

// Key exchanges: the first one and all later ones (RFC 4253 sections 7 and 9).
extension Transport where Side: ~Copyable {
    /// Begins an exchange, unless one is under way or the user is not authenticated.
    mutating func startRekey() {
        guard mayStartRekey else { return }
        progress = .offered(ours: sendKexInit())
    }

    // The peer takes no KEXINIT before it knows that the user is authenticated. And keys are still
    // the old ones, with all that they have carried, until our own NEWKEYS is sealed.
    var mayStartRekey: Bool { sender.isAuthenticated && isIdle && sender.isOpen }

    private mutating func sendKexInit() -> Bytes {
        let cookie = sender.takeRandom(KexInit.cookieCount)
        let payload = offer.kexInit(cookie: cookie, isInitial: sessionID == nil).payload[...]
        sender.sendKexInit(payload)
        return payload
    }

    mutating func receiveKexInit(_ packet: PacketReceiver.Packet) throws(SSHError) {
        let peer = try decode(KexInit.self, packet.payload)
        let ours =
            switch takeProgress() {
            case .offered(let ours): ours
            // The peer begins: our own offer answers it. It may do so only once it has our last
            // NEWKEYS, which therefore must have been sealed.
            case .idle where !sender.isExchangingKeys: sendKexInit()
            case .idle:
                throw SSHError(
                    .protocolViolation, "the peer began a key exchange before the last was done")
            default: preconditionFailure("the message policy admits no KEXINIT here")
            }
        // What the markers say holds for the connection. Later ones mean nothing: else an
        // exchange could change the mode in mid-connection.
        if sessionID == nil {
            isStrict = offer.isStrict(peer)
            peerTakesExtInfo = offer.peerTakesExtInfo(peer)
            guard !isStrict || packet.sequenceNumber == 0 else {
                throw SSHError(
                    .protocolViolation, "strict key exchange: KEXINIT was not the first packet")
            }
        }
        try startExchange(ours: ours, peer: packet.payload)
    }

    private mutating func startExchange(ours: Bytes, peer: Bytes) throws(SSHError) {
        let isClient = Side.role == .client
        let transcript = ExchangeTranscript(
            clientIdentification: isClient ? identification : peerIdentification,
            serverIdentification: isClient ? peerIdentification : identification,
            clientKexInit: isClient ? ours : peer, serverKexInit: isClient ? peer : ours)
        let client = try decode(KexInit.self, transcript.clientKexInit)
        let server = try decode(KexInit.self, transcript.serverKexInit)
        let algorithms = try NegotiatedAlgorithms(client: client, server: server)
        let side = Side(
            KeyExchangeSetting(
                algorithms: algorithms, transcript: transcript, mlkem: offer.mlkem),
            credentials: credentials, random: sender.takeSecret(algorithms.keyExchange.randomCount))
        if let payload = side.firstPayload { sender.send(payload: payload) }
        let isWrongGuess = KeyExchangeOffer.isWrongGuess(
            ours: isClient ? client : server, peer: isClient ? server : client)
        progress = .exchanging(
            Exchange(side: side, algorithms: algorithms, skipsNextPacket: isWrongGuess))
    }

    mutating func skipWrongGuess() {
        guard case .exchanging(var exchange) = takeProgress() else {
            preconditionFailure("no exchange whose guess could be wrong")
        }
        exchange.skipsNextPacket = false
        progress = .exchanging(exchange)
    }

    mutating func receiveMethodMessage(
        _ payload: Bytes, now: Duration
    ) throws(SSHError) -> Event? {
        guard case .exchanging(var exchange) = takeProgress() else {
            preconditionFailure("the message policy admits no message of a method here")
        }
        switch try exchange.side.receive(payload) {
        case .answer(let answer):
            sender.send(payload: answer)
            progress = .exchanging(exchange)
            return nil
        case .done(let result): return try finish(result, algorithms: exchange.algorithms)
        }
    }

    private mutating func finish(
        _ result: consuming KeyExchangeResult, algorithms: NegotiatedAlgorithms
    ) throws(SSHError) -> Event? {
        try pin(result.hostKey)
        let isFirst = sessionID == nil
        let sessionID = sessionID ?? result.exchangeHash[...]
        self.sessionID = sessionID
        if let reply = result.reply { sender.send(payload: reply) }
        let hostKey = result.hostKey
        let keys = KeyDerivation(
            algorithm: result.hash, sharedSecret: result.sharedSecret,
            exchangeHash: result.exchangeHash[...], sessionID: sessionID)
        progress = .finishing(stage(keys, algorithms: algorithms))
        negotiated = algorithms
        if isFirst, Side.role == .client { return .hostKeyOffered(hostKey) }
        sendNewKeys()
        return nil
    }

    /// A server's key stands for the whole connection: our owner accepted that one and no other.
    private mutating func pin(_ key: HostKey) throws(SSHError) {
        guard let hostKey else {
            self.hostKey = key
            return
        }
        guard hostKey.blob == key.blob else {
            throw SSHError(.hostKeyRejected, "the server changed its host key in a later exchange")
        }
    }

    private mutating func stage(
        _ keys: consuming KeyDerivation, algorithms: NegotiatedAlgorithms
    ) -> Finishing {
        let sending = algorithms.sending(as: Side.role)
        let receiving = algorithms.sending(as: Side.role.peer)
        let isClient = Side.role == .client
        let outgoing = keys.keys(
            isClient ? .clientToServer : .serverToClient, cipher: sending.cipher, mac: sending.mac)
        let incoming = keys.keys(
            isClient ? .serverToClient : .clientToServer, cipher: receiving.cipher,
            mac: receiving.mac)
        receiver.stage(
            PacketOpener(cipher: receiving.cipher, mac: receiving.mac, keys: incoming),
            algorithms: receiving)
        return Finishing(
            algorithms: algorithms,
            sealer: PacketSealer(cipher: sending.cipher, mac: sending.mac, keys: outgoing),
            hasReceivedNewKeys: false)
    }

    /// Queues our NEWKEYS, and what has to follow the first one at once.
    mutating func sendNewKeys() {
        guard case .finishing(var finishing) = takeProgress(), let sealer = finishing.sealer.take()
        else { preconditionFailure("no keys whose use could begin") }
        sender.sendNewKeys(
            sealer, algorithms: finishing.algorithms.sending(as: Side.role),
            resetsSequence: isStrict)
        if service == .serviceRequest, peerTakesExtInfo, !extensions.isEmpty {
            sender.send(ExtInfo(extensions: extensions))
        }
        progress = .finishing(finishing)
    }

    mutating func receiveNewKeys(_ payload: Bytes, now: Duration) throws(SSHError) -> Event? {
        _ = try decode(NewKeys.self, payload)
        guard case .finishing(var finishing) = takeProgress() else {
            preconditionFailure("the message policy admits no NEWKEYS here")
        }
        receiver.installStagedKeys(resetsSequence: isStrict)
        let algorithms = finishing.algorithms
        receiver.steering?.keysInstalled(
            isCompressed: algorithms.sending(as: Side.role.peer).compression != .none,
            isPossible: algorithms.sending(as: Side.role).compression != .none)
        finishing.hasReceivedNewKeys = true
        progress = .finishing(finishing)
        return finishIfDone(now: now)
    }

    /// Ends the exchange once both NEWKEYS are on their way.
    mutating func finishIfDone(now: Duration) -> Event? {
        let isDone =
            switch progress {
            case .finishing(let finishing):
                finishing.hasReceivedNewKeys && finishing.sealer == nil
            default: false
            }
        guard isDone else { return nil }
        progress = .idle
        rekeyPolicy.keysInstalled(now: now)
        return service == .serviceRequest ? .keysInstalled : nil
    }

    /// Begins an exchange if the keys in use have done their duty, or the peer is to compress from now on,
    /// or not any more.
    mutating func startRekeyIfDue(now: Duration) {
        guard mayStartRekey else { return }
        if let compresses = receiver.steering?.takeWish(now: now) {
            offer.receivedCompression = compresses ? [.zlibOpenSSH, .none] : [.none, .zlibOpenSSH]
            return startRekey()
        }
        guard
            rekeyPolicy.isDue(
                sent: sender.traffic, sentBlock: sender.blockLength, received: receiver.traffic,
                receivedBlock: receiver.blockLength, now: now)
        else { return }
        startRekey()
    }
}

// SPDX-License-Identifier: Apache-2.0

public import SSHCrypto
public import Wire

/// A client's SSH connection as a state machine: bytes in, bytes and events out.
///
/// It does no I/O. Its owner
/// 1. hands over what it received (``receive(_:now:)``, ``receiveEnd(now:cause:)``), and calls
///    ``handleDeadline(now:)`` when ``nextDeadline`` has come;
/// 2. takes the events (``nextEvent()``) and gives commands in answer;
/// 3. sends what there is to send (``takeOutput(maximum:now:)``).
///
/// After an input or a command there may be events, output and another deadline. All times are
/// counted from one origin of the owner's choice. Commands that come too late, for a connection or
/// channel that has ended meanwhile, do nothing. The last event is
/// ``SSHClientEvent/disconnected(_:)``; what `takeOutput` still gives is to be sent before closing.
public struct SSHClientConnection: ~Copyable {
    /// When bytes last came from the server.
    public private(set) var lastReceived: Duration

    private let configuration: SSHClientConfiguration
    var transport: Transport<ClientKeyExchange>
    var extensions = PeerExtensions()
    /// There once the host key is accepted and keys are in use.
    private var authentication: ClientAuthentication?
    /// There once the user is authenticated.
    var connection: ConnectionLayer?
    private var events = FIFO<SSHClientEvent>()

    /// Starts a connection: the identification and the first offer are there to be sent.
    ///
    /// - Parameters:
    ///   - configuration: what it is to do.
    ///   - now: the current time.
    ///   - random: gives the random bytes for ephemeral keys, cookies and padding.
    public init(
        configuration: SSHClientConfiguration, now: Duration, random: @escaping RandomSource
    ) {
        self.init(
            configuration: configuration,
            offer: KeyExchangeOffer(
                role: .client, preferences: configuration.algorithms, mlkem: configuration.mlkem),
            now: now, random: random)
    }

    /// As above, with an offer of one's own.
    init(
        configuration: SSHClientConfiguration, offer: KeyExchangeOffer, now: Duration,
        random: @escaping RandomSource
    ) {
        self.configuration = configuration
        lastReceived = now
        transport = Transport(
            identification: identification(
                software: configuration.software, comments: configuration.comments),
            offer: offer, credentials: (),
            extensions: [.init(name: ExtensionName.extInfoInAuth, value: Bytes("0".utf8))],
            rekeyLimits: configuration.rekey, random: RandomPool(random))
    }

    /// The next event, oldest first.
    public mutating func nextEvent() -> SSHClientEvent? { events.popFirst() }

    /// Takes sealed bytes to be sent, in order.
    ///
    /// Data of channels is sealed only here. Take no more than will soon be sent, so that small
    /// messages need not wait behind it.
    ///
    /// - Parameters:
    ///   - maximum: no further packet is begun once there are so many bytes; one packet may go
    ///     beyond.
    ///   - now: the current time.
    /// - Returns: nothing if there is nothing to send now.
    public mutating func takeOutput(maximum: Int, now: Duration) -> [UInt8] {
        transport.takeOutput(maximum: maximum, layer: &connection, now: now)
    }

    /// Whether ``note(effort:now:)`` is wanted.
    public var measuresEffort: Bool { transport.sender.steering != nil }

    /// Takes note of how long ``takeOutput(maximum:now:)`` has just taken: where measurement decides about
    /// compression, a link that is faster than it is gets data as they are.
    ///
    /// - Parameters:
    ///   - effort: how long it has taken.
    ///   - now: the current time, behind that.
    public mutating func note(effort: Duration, now: Duration) {
        transport.sender.steering?.note(effort: effort, now: now)
    }

    /// Whether ``takeOutput(maximum:now:)`` may have something to give.
    public var hasOutput: Bool {
        transport.hasOutput || (transport.sender.isOpen && connection?.channels.hasOutput ?? false)
    }

    /// When ``handleDeadline(now:)`` is to be called, if nothing happens before.
    public var nextDeadline: Duration? { transport.nextDeadline }
}

// Inputs.
extension SSHClientConnection {
    /// Takes bytes that came from the server.
    ///
    /// The buffer is kept only until its packets are opened; what events carry lies elsewhere.
    public mutating func receive(_ bytes: consuming Bytes, now: Duration) {
        guard !transport.isClosed else { return }
        lastReceived = now
        transport.receiver.steering?.bytesCame(now: now)
        transport.receiver.append(bytes)
        process(now: now)
    }

    /// The server's byte stream has ended.
    ///
    /// - Parameters:
    ///   - now: the current time.
    ///   - cause: what broke it, in words; nil where the server has closed it.
    public mutating func receiveEnd(now: Duration, cause: String? = nil) {
        let end = cause ?? "the server closed the connection"
        self.end(SSHError(.connectionLost, end + stage))
    }

    /// A deadline has come.
    public mutating func handleDeadline(now: Duration) {
        do throws(SSHError) {
            try transport.handleDeadline(now: now)
        } catch {
            end(error)
        }
    }

    private var stage: String {
        if connection != nil { return "" }
        if authentication != nil { return " before the user was authenticated" }
        return transport.peerIdentification.isEmpty
            ? " before it identified itself" : " during the key exchange"
    }

    private mutating func process(now: Duration) {
        do throws(SSHError) {
            while let event = try transport.next(now: now) {
                try handle(event)
                transport.startRekeyIfDue(now: now)
            }
            transport.startRekeyIfDue(now: now)
            transport.watchRekey(now: now)
        } catch {
            end(error)
        }
    }

    mutating func end(_ error: SSHError) {
        guard !transport.isClosed else { return }
        transport.close(error)
        connection?.channels.removeAll()
        events.append(.disconnected(error))
    }

    private mutating func handle(
        _ event: Transport<ClientKeyExchange>.Event
    ) throws(SSHError) {
        switch event {
        case .identified: break
        case .hostKeyOffered(let key): events.append(.hostKeyVerificationRequired(key))
        case .keysInstalled: beginAuthentication()
        case .message(let number, let payload): try receive(number, payload)
        }
    }

    private mutating func beginAuthentication() {
        guard let sessionID = transport.sessionID, let hostKey = transport.hostKey else {
            preconditionFailure("keys without a key exchange")
        }
        let machine = ClientAuthentication(
            user: configuration.user, sessionID: sessionID, hostKey: hostKey.blob,
            bindsKeysToHost: configuration.bindsKeysToHost)
        machine.begin(outbox: &transport.sender.outbox)
        authentication = machine
    }

    private mutating func receive(_ number: MessageNumber, _ payload: Bytes) throws(SSHError) {
        if number == .extInfo {
            try extensions.receive(decode(ExtInfo.self, payload))
        } else if connection != nil {
            let outcome = try connection?.receive(
                number, payload, outbox: &transport.sender.outbox)
            if let outcome = outcome ?? nil { report(outcome) }
        } else if let event = try authenticate(number, payload) {
            events.append(event)
        }
    }

    private mutating func authenticate(
        _ number: MessageNumber, _ payload: Bytes
    ) throws(SSHError) -> SSHClientEvent? {
        guard authentication != nil else {
            throw SSHError(.protocolViolation, "the server accepted a service not asked for yet")
        }
        if number == .serviceAccept { transport.service = .authentication }
        let event = try authentication?.receive(
            number, payload, extensions: extensions)
        guard let event = event ?? nil else { return nil }
        if case .authenticated = event {
            transport.authenticationSucceeded()
            connection = ConnectionLayer(
                role: .client, parameters: configuration.channels, acceptedChannels: 0)
        }
        return event
    }

    private mutating func report(_ outcome: ConnectionLayer.Outcome) {
        switch outcome {
        case .channel(.event(let id, let event)): events.append(.channel(id, event))
        case .channel(.offered), .channel(.request):
            preconditionFailure("a client's channels take no requests")
        case .keepaliveAnswered: events.append(.keepaliveAnswered)
        case .hostKeysAdvertised(let keys): events.append(.hostKeysAdvertised(keys))
        case .hostKeysSigned(let keys, let signatures):
            events.append(.hostKeysProved(areProved(keys, by: signatures) ? keys : []))
        }
    }
}

// The host key and the user.
extension SSHClientConnection {
    /// Goes on with the server whose key was shown.
    public mutating func acceptHostKey(now: Duration) {
        guard !transport.isClosed else { return }
        transport.sendNewKeys()
        if transport.finishIfDone(now: now) != nil { beginAuthentication() }
    }

    /// Ends the connection: the key is not this server's.
    public mutating func rejectHostKey(reason: String) {
        end(SSHError(.hostKeyRejected, reason))
    }

    /// Tries to authenticate the user.
    ///
    /// - Precondition: the last event about authentication asked for a method, or for a signature
    ///   or answers, which are then not given.
    public mutating func authenticate(_ method: AuthenticationMethod) {
        guard !transport.isClosed else { return }
        guard authentication != nil else {
            preconditionFailure("no authentication before the server asks for it")
        }
        let event = authentication?.authenticate(
            method, extensions: extensions, outbox: &transport.sender.outbox)
        if let event = event ?? nil { events.append(event) }
    }

    /// Gives the signature that was asked for.
    ///
    /// - Parameter signature: the blob that `PrivateKey` or an agent made.
    /// - Precondition: one was asked for.
    public mutating func provideSignature(_ signature: Bytes) {
        guard !transport.isClosed else { return }
        let event = authentication?.provideSignature(
            signature, outbox: &transport.sender.outbox)
        if let event = event ?? nil { events.append(event) }
    }

    /// Refuses to sign; ``SSHClientEvent/authenticationRequired(_:)`` follows.
    ///
    /// - Precondition: a signature was asked for.
    public mutating func declineSignature() {
        guard !transport.isClosed, let event = authentication?.declineSignature() else { return }
        events.append(event)
    }

    /// Answers no questions; ``SSHClientEvent/authenticationRequired(_:)`` follows.
    ///
    /// - Precondition: questions were asked.
    public mutating func declineQuestions() {
        guard !transport.isClosed, let event = authentication?.declineQuestions() else { return }
        events.append(event)
    }

    /// Answers the questions that were asked, in UTF-8.
    ///
    /// - Precondition: there is one answer for each prompt.
    public mutating func answerQuestions(_ answers: [Secret]) {
        guard !transport.isClosed else { return }
        let event = authentication?.answerQuestions(
            answers, outbox: &transport.sender.outbox)
        if let event = event ?? nil { events.append(event) }
    }
}

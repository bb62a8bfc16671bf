// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
public import Wire

/// A server's SSH connection as a state machine: bytes in, bytes and events out.
///
/// It is driven as ``SSHClientConnection`` is.
public struct SSHServerConnection: ~Copyable {
    /// When bytes last came from the client.
    public private(set) var lastReceived: Duration

    private let configuration: SSHServerConfiguration
    var transport: Transport<ServerKeyExchange>
    private var extensions = PeerExtensions()
    /// There once keys are in use.
    private var authentication: ServerAuthentication?
    /// There once the user is authenticated.
    var connection: ConnectionLayer?
    private var events = FIFO<SSHServerEvent>()

    /// Starts a connection: the identification and the first offer are there to be sent.
    ///
    /// - Parameters:
    ///   - configuration: what it is to do.
    ///   - now: the current time.
    ///   - random: gives the random bytes for ephemeral keys, cookies and padding.
    public init(
        configuration: SSHServerConfiguration, now: Duration, random: @escaping RandomSource
    ) {
        self.init(
            configuration: configuration,
            offer: KeyExchangeOffer(
                role: .server, preferences: configuration.offeredAlgorithms,
                mlkem: configuration.mlkem),
            now: now, random: random)
    }

    /// As above, with an offer of one's own.
    init(
        configuration: SSHServerConfiguration, offer: KeyExchangeOffer, now: Duration,
        random: @escaping RandomSource
    ) {
        self.configuration = configuration
        lastReceived = now
        let userKeyAlgorithms = ServerAuthentication.userKeyAlgorithms.map(\.rawValue)
        transport = Transport(
            identification: identification(
                software: configuration.software, comments: configuration.comments),
            offer: offer, credentials: configuration.hostKeys,
            extensions: [
                .init(
                    name: ExtensionName.signatureAlgorithms,
                    value: Bytes(userKeyAlgorithms.joined(separator: ",").utf8)),
                .init(name: ExtensionName.hostBoundKeys, value: Bytes("0".utf8)),
                .init(name: ExtensionName.ping, value: Bytes("0".utf8)),
            ],
            rekeyLimits: configuration.rekey, random: RandomPool(random))
    }

    /// The next event, oldest first.
    public mutating func nextEvent() -> SSHServerEvent? { events.popFirst() }

    /// Takes sealed bytes to be sent, as ``SSHClientConnection/takeOutput(maximum:now:)``.
    public mutating func takeOutput(maximum: Int, now: Duration) -> [UInt8] {
        transport.takeOutput(maximum: maximum, layer: &connection, now: now)
    }

    /// When ``handleDeadline(now:)`` is to be called, if nothing happens before.
    public var nextDeadline: Duration? { transport.nextDeadline }
}

// Inputs.
extension SSHServerConnection {
    /// Takes bytes that came from the client.
    public mutating func receive(_ bytes: consuming Bytes, now: Duration) {
        guard !transport.isClosed else { return }
        lastReceived = now
        transport.receiver.append(bytes)
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

    /// The client's byte stream has ended.
    public mutating func receiveEnd(now: Duration) {
        end(SSHError(.connectionLost, "the client closed the connection"))
    }

    /// A deadline has come.
    public mutating func handleDeadline(now: Duration) {
        do throws(SSHError) {
            try transport.handleDeadline(now: now)
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
        _ event: Transport<ServerKeyExchange>.Event
    ) throws(SSHError) {
        switch event {
        case .identified: break
        case .hostKeyOffered: preconditionFailure("a server knows its own key")
        case .keysInstalled:
            guard let sessionID = transport.sessionID, let hostKey = transport.hostKey else {
                preconditionFailure("keys without a key exchange")
            }
            authentication = ServerAuthentication(
                parameters: configuration.authentication, sessionID: sessionID,
                hostKey: hostKey.blob)
        case .message(let number, let payload): try receive(number, payload)
        }
    }

    private mutating func receive(_ number: MessageNumber, _ payload: Bytes) throws(SSHError) {
        switch number {
        case .extInfo: try extensions.receive(decode(ExtInfo.self, payload))
        case .serviceRequest:
            try authentication?.receive(
                decode(ServiceRequest.self, payload), outbox: &transport.sender.outbox)
            transport.service = .authentication
        case .userAuthRequest:
            let attempt = try authentication?.receive(
                decode(UserAuthRequest.self, payload), outbox: &transport.sender.outbox)
            if let attempt = attempt ?? nil { events.append(.authenticationRequested(attempt)) }
        case .userAuthMethodResponse:
            let attempt = try authentication?.receive(
                decode(UserAuthInfoResponse.self, payload), outbox: &transport.sender.outbox)
            if let attempt = attempt ?? nil { events.append(.authenticationRequested(attempt)) }
        default:
            let outcome = try connection?.receive(
                number, payload, outbox: &transport.sender.outbox)
            if let outcome = outcome ?? nil { report(outcome) }
        }
    }

    private mutating func report(_ outcome: ConnectionLayer.Outcome) {
        switch outcome {
        case .channel(.event(let id, let event)): events.append(.channel(id, event))
        case .channel(.offered(let id)): events.append(.sessionRequested(id))
        case .channel(.request(let id, let request, let wantsReply)):
            events.append(.request(id, request, wantsReply: wantsReply))
        case .keepaliveAnswered: events.append(.keepaliveAnswered)
        case .hostKeysAdvertised, .hostKeysSigned:
            preconditionFailure("clients have no host keys")
        }
    }
}

// Letting the user in. Each command does nothing once the connection has ended.
extension SSHServerConnection {
    /// Lets the attempt succeed; a query about a key only says that it would do.
    ///
    /// - Precondition: ``SSHServerEvent/authenticationRequested(_:)`` waits for an answer.
    public mutating func acceptAuthentication() {
        decide { authentication, outbox throws(SSHError) in
            try authentication.accept(outbox: &outbox)
        }
    }

    /// Lets the attempt succeed, but asks for one of `remaining` on top.
    ///
    /// - Precondition: as for ``acceptAuthentication()``, and the attempt is no query.
    public mutating func acceptAuthenticationPartially(
        remaining: [ServerAuthenticationParameters.Method]
    ) {
        decide { authentication, outbox throws(SSHError) in
            try authentication.acceptPartially(remaining: remaining, outbox: &outbox)
        }
    }

    /// Asks questions: in answer to the wish for some, or to the answers to earlier ones.
    ///
    /// - Precondition: as for ``acceptAuthentication()``, and the attempt is one of these two.
    public mutating func askQuestions(_ questions: AuthenticationQuestions) {
        decide { authentication, outbox throws(SSHError) in
            authentication.ask(questions, outbox: &outbox)
            return nil
        }
    }

    /// Demands that the password be changed; its change is the next attempt.
    ///
    /// - Precondition: as for ``acceptAuthentication()``, and the attempt is about a password.
    public mutating func demandPasswordChange(prompt: String) {
        decide { authentication, outbox throws(SSHError) in
            try authentication.demandPasswordChange(prompt: prompt, outbox: &outbox)
        }
    }

    /// Refuses the attempt.
    ///
    /// - Precondition: as for ``acceptAuthentication()``.
    public mutating func rejectAuthentication() {
        decide { authentication, outbox throws(SSHError) in
            try authentication.reject(outbox: &outbox)
        }
    }

    private mutating func decide(
        _ body: (inout ServerAuthentication, inout Outbox) throws(SSHError) ->
            ServerAuthentication.Consequence?
    ) {
        guard !transport.isClosed else { return }
        guard var machine = authentication.take() else {
            preconditionFailure("no authentication request waits for a decision")
        }
        do throws(SSHError) {
            let consequence = try body(&machine, &transport.sender.outbox)
            authentication = machine
            switch consequence {
            case .authenticated(let user): authenticated(user)
            case .attempt(let attempt): events.append(.authenticationRequested(attempt))
            case nil: break
            }
        } catch {
            end(error)
        }
    }

    private mutating func authenticated(_ user: String) {
        transport.authenticationSucceeded()
        connection = ConnectionLayer(
            role: .server, parameters: configuration.channels,
            acceptedChannels: configuration.maximumSessions)
        events.append(.authenticated(user: user))
    }
}

// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The client's side of user authentication (RFC 4252): one request at a time.
struct ClientAuthentication {
    private let user: String
    private let sessionID: Bytes
    /// The host key of the first exchange, which host-bound requests name.
    private let hostKey: Bytes
    private let bindsKeysToHost: Bool
    private var state = State.requestingService
    /// What the server's last refusal said.
    private var methods: [String] = []
    private var banners = 0

    private enum State {
        case requestingService
        /// The server has to answer.
        case waiting(Request)
        /// Our owner has to choose a method.
        case choosing
        /// Our owner has to sign.
        case signing(Key)
        /// Our owner has to answer so many questions, in this round.
        case answering(questions: Int, round: Int)
        case done
    }

    /// What the server has to answer.
    private enum Request {
        case methods
        case probe(Key)
        case publicKey
        case password
        case keyboardInteractive(round: Int)
    }

    private struct Key {
        var fields: UserAuthRequest.PublicKey
        var algorithm: PublicKeyAlgorithm
    }

    init(user: String, sessionID: Bytes, hostKey: Bytes, bindsKeysToHost: Bool) {
        self.user = user
        self.bindsKeysToHost = bindsKeysToHost
        self.sessionID = sessionID
        self.hostKey = hostKey
    }

    private func send(_ method: UserAuthRequest.Method, outbox: inout Outbox) {
        outbox.send(UserAuthRequest(user: user, method: method))
    }

    private func status(
        _ cause: AuthenticationStatus.Cause, partialSuccess: Bool = false
    ) -> SSHClientEvent {
        .authenticationRequired(
            AuthenticationStatus(methods: methods, partialSuccess: partialSuccess, cause: cause))
    }
}

// What our owner does.
extension ClientAuthentication {
    /// Asks for the service, and right behind it for the methods, which saves a round trip: servers
    /// take messages one by one, and have accepted the service when they come to the second.
    func begin(outbox: inout Outbox) {
        outbox.send(ServiceRequest(service: ServiceName.userAuth))
        send(.none, outbox: &outbox)
    }

    /// Tries a method.
    ///
    /// - Precondition: our owner has been asked for a method, a signature or answers.
    mutating func authenticate(
        _ method: AuthenticationMethod, extensions: PeerExtensions, outbox: inout Outbox
    ) -> SSHClientEvent? {
        switch state {
        case .choosing, .signing, .answering: break
        case .requestingService, .waiting, .done:
            preconditionFailure("a method was tried before the server had answered the last one")
        }
        switch method {
        case .publicKey(let blob, _, _) where blob.count > SSHLimits.publicKeyBytes:
            return decline()
        case .password(let password) where password.count > SSHLimits.passwordBytes,
            .passwordChange(let password, _) where password.count > SSHLimits.passwordBytes,
            .passwordChange(_, let password) where password.count > SSHLimits.passwordBytes:
            return decline()
        case .publicKey(let blob, let algorithm, let probesFirst):
            let key = Key(
                fields: .init(algorithm: algorithm.rawValue, blob: blob), algorithm: algorithm)
            guard probesFirst else { return askForSignature(key, extensions: extensions) }
            send(.publicKey(key.fields), outbox: &outbox)
            state = .waiting(.probe(key))
        case .password(let password): sendPassword(password, new: nil, outbox: &outbox)
        case .passwordChange(let old, let new): sendPassword(old, new: new, outbox: &outbox)
        case .keyboardInteractive(let submethods):
            send(.keyboardInteractive(submethods: submethods), outbox: &outbox)
            state = .waiting(.keyboardInteractive(round: 0))
        }
        return nil
    }

    private mutating func sendPassword(_ password: Secret, new: Secret?, outbox: inout Outbox) {
        outbox.sendSecret { [user] writer in
            UserAuthRequest.write(user: user, password: password, new: new, to: &writer)
        }
        state = .waiting(.password)
    }

    private mutating func askForSignature(
        _ key: Key, extensions: PeerExtensions
    ) -> SSHClientEvent {
        var key = key
        // The probe before this went out as plain `publickey`, as OpenSSH's does.
        if extensions.takesHostBoundKeys, bindsKeysToHost { key.fields.hostKey = hostKey }
        state = .signing(key)
        let data = UserAuthRequest.signedData(
            sessionID: sessionID, user: user, service: ServiceName.connection, key: key.fields)
        return .signatureRequired(
            SignatureRequest(
                data: data[...], algorithm: key.algorithm.signature, publicKey: key.fields.blob))
    }

    /// Sends the signed request.
    ///
    /// - Precondition: a signature was asked for.
    mutating func provideSignature(
        _ signature: Bytes, outbox: inout Outbox
    ) -> SSHClientEvent? {
        guard case .signing(var key) = state else {
            preconditionFailure("no signature was asked for")
        }
        // An agent is another peer, whose word on lengths is not taken.
        guard signature.count <= SSHLimits.signatureBytes else { return decline() }
        key.fields.signature = signature
        send(.publicKey(key.fields), outbox: &outbox)
        state = .waiting(.publicKey)
        return nil
    }

    /// Gives the key up.
    ///
    /// - Precondition: a signature was asked for.
    mutating func declineSignature() -> SSHClientEvent {
        guard case .signing = state else { preconditionFailure("no signature was asked for") }
        return decline()
    }

    /// Gives the questions up.
    ///
    /// - Precondition: questions were asked.
    mutating func declineQuestions() -> SSHClientEvent {
        guard case .answering = state else { preconditionFailure("no questions were asked") }
        return decline()
    }

    private mutating func decline() -> SSHClientEvent {
        state = .choosing
        return status(.declined)
    }

    /// Sends the answers.
    ///
    /// - Precondition: as many questions were asked.
    mutating func answerQuestions(
        _ answers: [Secret], outbox: inout Outbox
    ) -> SSHClientEvent? {
        guard case .answering(answers.count, let round) = state else {
            preconditionFailure("not the answers to the questions that were asked")
        }
        guard answers.reduce(0, { $0 + $1.count }) <= SSHLimits.passwordBytes else {
            return decline()
        }
        outbox.sendSecret { UserAuthInfoResponse.write(answers, to: &$0) }
        state = .waiting(.keyboardInteractive(round: round))
        return nil
    }
}

// What the server sends.
extension ClientAuthentication {
    /// Handles a message that the policy admits during authentication.
    mutating func receive(
        _ number: MessageNumber, _ payload: Bytes, extensions: PeerExtensions
    ) throws(SSHError) -> SSHClientEvent? {
        switch number {
        case .serviceAccept:
            try receive(decode(ServiceAccept.self, payload))
            return nil
        case .userAuthBanner: return try receive(decode(UserAuthBanner.self, payload))
        case .userAuthFailure: return try receive(decode(UserAuthFailure.self, payload))
        case .userAuthSuccess:
            _ = try decode(UserAuthSuccess.self, payload)
            guard case .waiting = state else { throw unexpected(number) }
            state = .done
            return .authenticated
        case .userAuthMethodRequest:
            return try receiveMethodRequest(payload, extensions: extensions)
        default: preconditionFailure("not a message for the client's authentication")
        }
    }

    private mutating func receive(_ message: ServiceAccept) throws(SSHError) {
        guard case .requestingService = state else { throw unexpected(.serviceAccept) }
        guard message.service == ServiceName.userAuth else {
            throw SSHError(
                .protocolViolation, "the server accepted a service that was not asked for")
        }
        state = .waiting(.methods)
    }

    /// Some servers send a banner for each line; what is too much is not shown.
    private mutating func receive(_ message: UserAuthBanner) -> SSHClientEvent? {
        banners += 1
        return banners <= SSHLimits.banners ? .banner(message.message) : nil
    }

    private mutating func receive(_ message: UserAuthFailure) throws(SSHError) -> SSHClientEvent {
        guard case .waiting(let request) = state else { throw unexpected(.userAuthFailure) }
        methods = message.methods
        state = .choosing
        if case .methods = request {
            return status(.start, partialSuccess: message.partialSuccess)
        }
        return status(.answered, partialSuccess: message.partialSuccess)
    }

    /// The number 60 means what the method in progress makes it mean.
    private mutating func receiveMethodRequest(
        _ payload: Bytes, extensions: PeerExtensions
    ) throws(SSHError) -> SSHClientEvent {
        guard case .waiting(let request) = state else { throw unexpected(.userAuthMethodRequest) }
        switch request {
        case .methods, .publicKey: throw unexpected(.userAuthMethodRequest)
        case .probe(let key):
            // The algorithm is not compared: some servers name the key's type there.
            guard try decode(UserAuthPKOK.self, payload).blob == key.fields.blob else {
                throw SSHError(.protocolViolation, "the server accepted a key not offered to it")
            }
            return askForSignature(key, extensions: extensions)
        case .password:
            let message = try decode(UserAuthPasswordChangeRequest.self, payload)
            state = .choosing
            return status(.passwordExpired(prompt: message.prompt))
        case .keyboardInteractive(let round):
            return try receive(decode(UserAuthInfoRequest.self, payload), round: round + 1)
        }
    }

    private mutating func receive(
        _ message: UserAuthInfoRequest, round: Int
    ) throws(SSHError) -> SSHClientEvent {
        guard round <= SSHLimits.interactiveRounds else {
            throw SSHError(
                .limitExceeded,
                "the server asked questions more than \(SSHLimits.interactiveRounds) times")
        }
        state = .answering(questions: message.prompts.count, round: round)
        return .questionsAsked(
            AuthenticationQuestions(
                name: message.name, instruction: message.instruction, prompts: message.prompts))
    }

    private func unexpected(_ number: MessageNumber) -> SSHError {
        SSHError(
            .protocolViolation, "the server sent \(number) in answer to nothing that was asked")
    }
}

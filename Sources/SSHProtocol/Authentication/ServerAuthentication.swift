// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// The server's side of user authentication (RFC 4252).
///
/// It checks signatures; whom a key or password belongs to is for our owner to say.
struct ServerAuthentication {
    private let parameters: ServerAuthenticationParameters
    private let sessionID: Bytes
    private let hostKey: Bytes
    private var isServiceAccepted = false
    private var user: String?
    private var methods: [String]
    private var failures = 0
    private var requests = 0
    /// The request that our owner has to decide on.
    private var pending: AuthenticationAttempt?
    /// Requests that came meanwhile, to be handled in order (RFC 4252 section 5.1).
    private var pipelined = FIFO<UserAuthRequest>()
    /// How many questions the client has to answer; nil where none have been asked.
    private var questions: Int?

    /// How users may sign: a security key would also have to tell that somebody touched it.
    static let userKeyAlgorithms = SignatureAlgorithm.standard.filter {
        !$0.keyType.isSecurityKey
    }

    init(parameters: ServerAuthenticationParameters, sessionID: Bytes, hostKey: Bytes) {
        self.parameters = parameters
        self.sessionID = sessionID
        self.hostKey = hostKey
        methods = parameters.methods.map(\.rawValue)
    }

    mutating func receive(_ message: ServiceRequest, outbox: inout Outbox) throws(SSHError) {
        guard !isServiceAccepted, message.service == ServiceName.userAuth else {
            throw SSHError(.serviceNotAvailable, "the client asked for a service not on offer now")
        }
        isServiceAccepted = true
        outbox.reply(ServiceAccept(service: ServiceName.userAuth))
        if let banner = parameters.banner { outbox.reply(UserAuthBanner(message: banner)) }
    }

    /// Handles a request.
    ///
    /// - Returns: what our owner has to decide on, if anything.
    mutating func receive(
        _ request: UserAuthRequest, outbox: inout Outbox
    ) throws(SSHError) -> AuthenticationAttempt? {
        guard pending == nil else {
            guard pipelined.count < SSHLimits.pipelinedAuthentications else {
                throw SSHError(
                    .limitExceeded,
                    "more than \(SSHLimits.pipelinedAuthentications) authentication requests at once"
                )
            }
            pipelined.append(request)
            return nil
        }
        try checkIdentity(request)
        // Another request gives up one that was in the middle (RFC 4256 section 3.1).
        questions = nil
        // The first "none" is how clients ask for the methods; it costs no attempt.
        if case .none = request.method, requests == 1 {
            outbox.reply(UserAuthFailure(methods: methods, partialSuccess: false))
            return nil
        }
        guard let attempt = verified(request) else {
            try refuse(outbox: &outbox)
            return nil
        }
        pending = attempt
        return pending
    }

    /// A request for another user or service would need all state to be dropped (RFC 4252
    /// section 5); as OpenSSH, we end the connection.
    private mutating func checkIdentity(_ request: UserAuthRequest) throws(SSHError) {
        requests += 1
        guard requests <= SSHLimits.authenticationRequests else {
            throw SSHError(
                .limitExceeded,
                "more than \(SSHLimits.authenticationRequests) authentication requests")
        }
        guard request.service == ServiceName.connection else {
            throw SSHError(.serviceNotAvailable, "the client wants to use an unknown service")
        }
        guard user == nil || user == request.user else {
            throw SSHError(.protocolViolation, "the client changed the user's name")
        }
        user = request.user
    }

    /// What the request brings, or nil if it can be refused without asking anybody.
    private func verified(_ request: UserAuthRequest) -> AuthenticationAttempt? {
        let method: AuthenticationAttempt.Method
        switch request.method {
        case .password(let password) where allows(.password): method = .password(password)
        case .passwordChange(let old, let new) where allows(.password):
            method = .passwordChange(old: old, new: new)
        case .keyboardInteractive(let submethods) where allows(.keyboardInteractive):
            method = .keyboardInteractive(submethods: submethods)
        case .publicKey(let fields) where allows(.publicKey):
            return verified(fields, user: request.user, service: request.service)
        case .none, .password, .publicKey, .passwordChange, .keyboardInteractive, .other:
            return nil
        }
        return AuthenticationAttempt(user: request.user, method: method)
    }

    /// Handles the answers to questions.
    ///
    /// - Returns: what our owner has to decide on, if anything.
    mutating func receive(
        _ message: UserAuthInfoResponse, outbox: inout Outbox
    ) throws(SSHError) -> AuthenticationAttempt? {
        guard let asked = questions.take(), let user else {
            throw SSHError(.protocolViolation, "the client answered questions never asked")
        }
        // RFC 4256 section 3.4 makes a wrong number of answers a failure.
        guard message.responses.count == asked else {
            try refuse(outbox: &outbox)
            return nil
        }
        pending = AuthenticationAttempt(user: user, method: .answers(message.responses))
        return pending
    }

    private func allows(_ method: ServerAuthenticationParameters.Method) -> Bool {
        methods.contains(method.rawValue)
    }

    private func verified(
        _ fields: UserAuthRequest.PublicKey, user: String, service: String
    ) -> AuthenticationAttempt? {
        guard let algorithm = PublicKeyAlgorithm(rawValue: fields.algorithm),
            Self.userKeyAlgorithms.contains(algorithm.signature),
            fields.hostKey == nil || fields.hostKey == hostKey
        else { return nil }
        let certificate = algorithm.isCertificate ? try? Certificate(blob: fields.blob) : nil
        guard
            let key = algorithm.isCertificate
                ? certificate?.publicKey : try? PublicKey(blob: fields.blob),
            key.type == algorithm.signature.keyType
        else { return nil }
        let method: AuthenticationAttempt.Method
        if let signature = fields.signature {
            let data = UserAuthRequest.signedData(
                sessionID: sessionID, user: user, service: service, key: fields)
            let verdict = key.verify(
                signature: signature, data: data[...], algorithm: algorithm.signature)
            guard verdict == .valid else { return nil }
            method = .publicKey(key, algorithm.signature)
        } else {
            method = .publicKeyQuery(key, algorithm.signature)
        }
        return AuthenticationAttempt(user: user, method: method, certificate: certificate)
    }

    private mutating func refuse(outbox: inout Outbox) throws(SSHError) {
        failures += 1
        guard failures < parameters.maximumAttempts else {
            throw SSHError(.authenticationFailed, "too many authentication failures")
        }
        outbox.reply(UserAuthFailure(methods: methods, partialSuccess: false))
    }
}

// What our owner decides.
extension ServerAuthentication {
    /// What follows from a decision.
    enum Consequence {
        /// The user is in.
        case authenticated(user: String)
        /// The next request waits for a decision.
        case attempt(AuthenticationAttempt)
    }

    /// Lets the pending request succeed: a query with a PK_OK, everything else with SUCCESS.
    ///
    /// - Precondition: our owner has been asked.
    mutating func accept(outbox: inout Outbox) throws(SSHError) -> Consequence? {
        let attempt = takePending()
        switch attempt.method {
        case .publicKeyQuery(let key, let algorithm):
            let name = PublicKeyAlgorithm(
                algorithm, isCertificate: attempt.certificate != nil
            ).rawValue
            let blob = attempt.certificate?.blob ?? key.blob
            outbox.reply(UserAuthPKOK(algorithm: name, blob: blob[...]))
            return try nextPipelined(outbox: &outbox)
        case .publicKey, .password, .passwordChange, .keyboardInteractive, .answers:
            outbox.reply(UserAuthSuccess())
            pipelined.removeAll()
            return .authenticated(user: attempt.user)
        }
    }

    /// Lets the pending request succeed, but asks for one of `remaining` on top.
    ///
    /// - Precondition: our owner has been asked, and not only queried.
    mutating func acceptPartially(
        remaining: [ServerAuthenticationParameters.Method], outbox: inout Outbox
    ) throws(SSHError) -> Consequence? {
        if case .publicKeyQuery = takePending().method {
            preconditionFailure("a query can't succeed")
        }
        methods = remaining.map(\.rawValue)
        outbox.reply(UserAuthFailure(methods: methods, partialSuccess: true))
        return try nextPipelined(outbox: &outbox)
    }

    /// Refuses the pending request.
    ///
    /// - Precondition: our owner has been asked.
    mutating func reject(outbox: inout Outbox) throws(SSHError) -> Consequence? {
        _ = takePending()
        try refuse(outbox: &outbox)
        return try nextPipelined(outbox: &outbox)
    }

    /// Answers a wish for questions, or answers to earlier ones, with questions.
    ///
    /// - Precondition: our owner has been asked about either.
    mutating func ask(_ questions: AuthenticationQuestions, outbox: inout Outbox) {
        switch takePending().method {
        case .keyboardInteractive, .answers: break
        case .publicKeyQuery, .publicKey, .password, .passwordChange:
            preconditionFailure("questions belong to keyboard-interactive")
        }
        self.questions = questions.prompts.count
        outbox.reply(
            UserAuthInfoRequest(
                name: questions.name, instruction: questions.instruction,
                prompts: questions.prompts))
    }

    /// Demands that a password be changed.
    ///
    /// - Precondition: our owner has been asked about a password.
    mutating func demandPasswordChange(
        prompt: String, outbox: inout Outbox
    ) throws(SSHError) -> Consequence? {
        switch takePending().method {
        case .password, .passwordChange: break
        case .publicKeyQuery, .publicKey, .keyboardInteractive, .answers:
            preconditionFailure("only a password can be changed")
        }
        outbox.reply(UserAuthPasswordChangeRequest(prompt: prompt))
        return try nextPipelined(outbox: &outbox)
    }

    private mutating func takePending() -> AuthenticationAttempt {
        guard let attempt = pending.take() else {
            preconditionFailure("no authentication request waits for a decision")
        }
        return attempt
    }

    private mutating func nextPipelined(outbox: inout Outbox) throws(SSHError) -> Consequence? {
        while pending == nil, let request = pipelined.popFirst() {
            if let attempt = try receive(request, outbox: &outbox) { return .attempt(attempt) }
        }
        return nil
    }
}

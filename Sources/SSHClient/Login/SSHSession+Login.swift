// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHConfig
import SSHCrypto
import SSHProtocol
import Wire

/// From the first byte to a user who is let in.
extension SSHSession {
    /// How long the server may be silent while logging in: OpenSSH's `LoginGraceTime`.
    static let answerTime = Duration.seconds(120)

    /// Checks the server's key.
    ///
    /// - Parameter deadline: until when the key exchange has to be done.
    func verifyHost(
        _ check: HostKeyCheck, of server: DialedConnection, until deadline: Duration
    ) async throws -> HostKeyCheck.Trust {
        serverAddress = server.address
        let event = try await nextLoginEvent(until: deadline)
        guard case .hostKeyVerificationRequired(let hostKey) = event else {
            preconditionFailure("the state machine asks for the host key first")
        }
        context.traceKeyExchange(
            software: connection.serverIdentification,
            algorithms: connection.negotiatedAlgorithms, hostKey: hostKey)
        do {
            let acceptance = try await check.check(hostKey, from: server)
            if let endReason { throw endReason }
            if let memory = context.memory, memory.accepted == nil {
                memory.accepted = HostMemory.Accepted(
                    blob: hostKey.key.blob, trust: acceptance.trust)
            }
            if acceptance.mayLearnKeys, context.options.updateHostKeys != .no {
                updatableHost = (hostKey.key, check.addressToRemember(of: server))
            }
            step = .login
            connection.acceptHostKey(now: loop.now)
            stateChanged()
            return acceptance.trust
        } catch {
            connection.rejectHostKey(reason: "host key not accepted")
            if let error = error as? SSHClientError { end(error) }
            stateChanged()
            throw error
        }
    }

    /// What an agent is told about this connection; nil before there are keys.
    var agentBinding: AgentClient.Binding? {
        guard let hostKey = connection.hostKey, let sessionID = connection.sessionID else {
            return nil
        }
        return AgentClient.Binding(
            hostKey: hostKey.blob, sessionID: sessionID, signature: hostKey.signature)
    }

    /// Authenticates the user, by the ways that the options and the server have in common.
    func logIn(
        _ identities: [Identity], agent: AgentClient?, trust: HostKeyCheck.Trust
    ) async throws {
        var login = try Login(
            identities: identities, agent: agent, options: context.options, trust: trust)
        var event = try await nextLoginEvent(until: loop.now + Self.answerTime)
        while true {
            switch event {
            case .authenticated:
                step = .session
                context.trace("Authenticated to \(endpoint) using \"\(login.lastMethod)\"")
                return
            case .authenticationRequired(let status):
                try await attempt(status, &login)
            case .signatureRequired(let request):
                let signature = await login.sign(request, context)
                if let endReason { throw endReason }
                if let signature {
                    connection.provideSignature(signature)
                } else {
                    connection.declineSignature()
                }
            case .questionsAsked(let questions):
                let answers = await login.answers(to: questions, context)
                if let endReason { throw endReason }
                if let answers {
                    connection.answerQuestions(answers)
                } else {
                    // Whoever does not answer may still have a password.
                    connection.declineQuestions()
                }
            case .hostKeyVerificationRequired, .banner, .channel,
                .hostKeysAdvertised, .hostKeysProved, .keepaliveAnswered, .disconnected:
                preconditionFailure("not an event that logging in has asked for")
            }
            stateChanged()
            event = try await nextLoginEvent(until: loop.now + Self.answerTime)
        }
    }

    /// Tries the next way that is left.
    private func attempt(_ status: AuthenticationStatus, _ login: inout Login) async throws {
        let attempt = await login.nextAttempt(
            status, serverAlgorithms: connection.serverSignatureAlgorithms, context)
        if let endReason { throw endReason }
        guard let attempt else {
            throw SSHClientError.permissionDenied(
                endpoint, user: context.options.user, methods: status.methods,
                summary: login.summary(status.methods, context.options))
        }
        connection.authenticate(attempt)
    }
}

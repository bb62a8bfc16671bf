// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

@Suite struct AuthenticationTests {
    /// A pair whose client has been told the methods.
    private func ready(
        _ parameters: ServerAuthenticationParameters = ServerAuthenticationParameters(),
        hostKeys: [PrivateKey] = [TestKeys.ed25519]
    ) throws -> Pair {
        var pair = Pair(
            server: SSHServerConfiguration(hostKeys: hostKeys, authentication: parameters))
        try pair.exchangeKeys()
        pair.clientEvents = []
        return pair
    }

    private func lastStatus(_ pair: borrowing Pair) -> AuthenticationStatus? {
        if case .authenticationRequired(let status)? = pair.clientEvents.last {
            status
        } else {
            nil
        }
    }

    private func isAuthenticated(_ pair: borrowing Pair) -> Bool {
        let client =
            if case .authenticated? = pair.clientEvents.last { true } else { false }
        let server =
            if case .authenticated(user: "alice")? = pair.serverEvents.last { true } else { false }
        return client && server
    }

    /// Signs when asked.
    private func sign(_ pair: inout Pair, with key: PrivateKey) throws {
        guard case .signatureRequired(let request)? = pair.clientEvents.last else {
            Issue.record("no signature asked for: \(pair.clientEvents)")
            return
        }
        #expect(request.publicKey.elementsEqual(key.publicKey.blob))
        let signature = try key.sign(request.data, algorithm: request.algorithm)
        pair.client.provideSignature(signature[...])
        pair.settle()
    }

    @Test(arguments: userKeyAlgorithms, [false, true])
    func letsAKeyIn(algorithm: SignatureAlgorithm, probesFirst: Bool) throws {
        let key = try #require(
            TestKeys.hostKeys.first { $0.publicKey.type == algorithm.keyType })
        var pair = try ready()
        pair.client.authenticate(
            .publicKey(
                blob: key.publicKey.blob[...], algorithm: PublicKeyAlgorithm(algorithm),
                probesFirst: probesFirst))
        pair.settle()
        if probesFirst {
            guard case .authenticationRequested(let attempt)? = pair.serverEvents.last,
                case .publicKeyQuery(key.publicKey, algorithm) = attempt.method
            else {
                Issue.record("no query")
                return
            }
            pair.server.acceptAuthentication()
            pair.settle()
        }
        try sign(&pair, with: key)
        guard case .authenticationRequested(let attempt)? = pair.serverEvents.last,
            case .publicKey(key.publicKey, algorithm) = attempt.method
        else {
            Issue.record("no attempt")
            return
        }
        #expect(attempt.user == "alice")
        pair.server.acceptAuthentication()
        pair.settle()
        #expect(isAuthenticated(pair) == true)
    }

    @Test func aSignatureOfAnotherKeyIsRefusedWithoutAskingTheOwner() throws {
        var pair = try ready()
        pair.client.authenticate(
            .publicKey(
                blob: TestKeys.user.publicKey.blob[...], algorithm: .ed25519, probesFirst: false))
        pair.settle()
        guard case .signatureRequired(let request)? = pair.clientEvents.last else {
            Issue.record("no signature asked for")
            return
        }
        let signature = try TestKeys.ed25519.sign(request.data, algorithm: .ed25519)
        pair.client.provideSignature(signature[...])
        pair.settle()
        #expect(pair.serverEvents.isEmpty)
        #expect(lastStatus(pair)?.cause == .answered)
        #expect(lastStatus(pair)?.partialSuccess == false)
    }

    /// The signature covers the host key of the first exchange where the server takes that.
    @Test func signaturesAreBoundToTheHost() throws {
        var pair = try ready()
        pair.client.authenticate(
            .publicKey(
                blob: TestKeys.user.publicKey.blob[...], algorithm: .ed25519, probesFirst: false))
        pair.settle()
        guard case .signatureRequired(let request)? = pair.clientEvents.last else {
            Issue.record("no signature asked for")
            return
        }
        #expect(
            request.data.suffix(51).dropFirst(4).elementsEqual(
                TestKeys.ed25519.publicKey.blob.suffix(47)))
        #expect(String(decoding: request.data, as: UTF8.self).contains("publickey-hostbound-v00"))
        // Bound to another host, it is refused.
        let key = UserAuthRequest.PublicKey(
            algorithm: "ssh-ed25519", blob: TestKeys.user.publicKey.blob[...],
            hostKey: TestKeys.ecdsaP256.publicKey.blob[...])
        var signed = key
        let identifier = pair.client.sessionID
        let sessionID = try #require(identifier)
        signed.signature =
            try TestKeys.user.sign(
                UserAuthRequest.signedData(
                    sessionID: sessionID, user: "alice", service: "ssh-connection", key: key)[...],
                algorithm: .ed25519)[...]
        pair.sendToServer(UserAuthRequest(user: "alice", method: .publicKey(signed)))
        #expect(pair.serverEvents.isEmpty)
    }

    @Test func aDeclinedSignatureAsksForAnotherMethod() throws {
        var pair = try ready()
        pair.client.authenticate(
            .publicKey(
                blob: TestKeys.user.publicKey.blob[...], algorithm: .ed25519, probesFirst: false))
        pair.settle()
        pair.client.declineSignature()
        pair.settle()
        #expect(lastStatus(pair)?.cause == .declined)
        #expect(lastStatus(pair)?.methods == ["publickey", "password"])
    }

    @Test func aWrongPasswordMayBeTriedAgain() throws {
        var pair = try ready()
        pair.client.authenticate(.password(Secret(copying: "wrong".utf8)))
        pair.settle()
        guard case .authenticationRequested(let attempt)? = pair.serverEvents.last,
            case .password(let password) = attempt.method
        else {
            Issue.record("no attempt")
            return
        }
        #expect(password.elementsEqual("wrong".utf8))
        pair.server.rejectAuthentication()
        pair.settle()
        #expect(lastStatus(pair)?.cause == .answered)
        pair.client.authenticate(.password(Secret(copying: "right".utf8)))
        pair.settle()
        pair.server.acceptAuthentication()
        pair.settle()
        #expect(isAuthenticated(pair) == true)
    }

    @Test func passwordsOfDifferentLengthLookTheSame() throws {
        let counts = try ["", "a", "secret", "a long one with many words in it"].map { password in
            var pair = try ready()
            pair.client.authenticate(.password(Secret(copying: password.utf8)))
            return pair.client.takeOutput(maximum: 1 << 20, now: .zero).count
        }
        #expect(Set(counts).count == 1)
    }

    @Test func aPartialSuccessAsksForMore() throws {
        var pair = try ready()
        pair.client.authenticate(.password(Secret(copying: "right".utf8)))
        pair.settle()
        pair.server.acceptAuthenticationPartially(remaining: [.publicKey])
        pair.settle()
        #expect(lastStatus(pair)?.partialSuccess == true)
        #expect(lastStatus(pair)?.methods == ["publickey"])
        // The password alone is not taken again.
        pair.client.authenticate(.password(Secret(copying: "right".utf8)))
        pair.serverEvents = []
        pair.settle()
        #expect(pair.serverEvents.isEmpty)
        #expect(lastStatus(pair)?.cause == .answered)
    }

    @Test func tooManyFailuresEndTheConnection() throws {
        var pair = try ready(ServerAuthenticationParameters(maximumAttempts: 3))
        for _ in 0..<3 {
            pair.client.authenticate(.password(Secret(copying: "wrong".utf8)))
            pair.settle()
            pair.server.rejectAuthentication()
            pair.settle()
        }
        #expect(pair.serverEnd?.code == .authenticationFailed)
        #expect(pair.clientEnd?.code == .disconnectedByPeer(.noMoreAuthMethodsAvailable))
    }

    @Test func theBannerIsShown() throws {
        var pair = Pair(
            server: SSHServerConfiguration(
                hostKeys: [TestKeys.ed25519],
                authentication: ServerAuthenticationParameters(banner: "Welcome")))
        try pair.exchangeKeys()
        let banners = pair.clientEvents.compactMap { event -> String? in
            if case .banner(let text) = event { text } else { nil }
        }
        #expect(banners == ["Welcome"])
    }

    @Test func serverTellsWhichSignaturesItTakes() throws {
        let pair = try ready()
        #expect(
            pair.client.serverSignatureAlgorithms == userKeyAlgorithms.map(\.rawValue))
    }

    @Test func aChangedUserEndsTheConnection() throws {
        var pair = try ready()
        pair.sendToServer(UserAuthRequest(user: "bob", method: .none))
        #expect(pair.serverEnd?.code == .protocolViolation)
    }

    @Test func pipelinedRequestsAreHandledInOrder() throws {
        var pair = try ready()
        for password in ["a", "b"] {
            pair.sendToServer(
                UserAuthRequest(user: "alice", method: .password(Bytes(password.utf8))))
        }
        #expect(pair.serverEvents.count == 1)
        pair.server.rejectAuthentication()
        while let event = pair.server.nextEvent() { pair.serverEvents.append(event) }
        #expect(pair.serverEvents.count == 2)
        for _ in 0...SSHLimits.pipelinedAuthentications {
            pair.sendToServer(UserAuthRequest(user: "alice", method: .password([])))
        }
        #expect(pair.serverEnd?.code == .limitExceeded)
    }

    @Test func requestsAfterSuccessAreIgnored() throws {
        var pair = Pair()
        try pair.connect()
        pair.sendToServer(UserAuthRequest(user: "alice", method: .none))
        #expect(pair.serverEvents.isEmpty)
        pair.sendToServer(ServiceRequest(service: "ssh-userauth"))
        #expect(pair.serverEnd?.code == .protocolViolation)
    }
}

/// What a server may say while the client authenticates.
@Suite struct AuthenticatingServerTests {
    private func ready() throws -> Pair {
        var pair = Pair()
        try pair.exchangeKeys()
        pair.clientEvents = []
        return pair
    }

    @Test func unaskedAnswersEndTheConnection() throws {
        let messages: [any SSHMessage] = [
            UserAuthSuccess(), UserAuthFailure(methods: [], partialSuccess: false),
            UserAuthPKOK(algorithm: "ssh-ed25519", blob: []),
            UserAuthInfoRequest(name: "", instruction: "", prompts: []),
        ]
        for message in messages {
            var pair = try ready()
            pair.sendToClient(message.payload[...])
            #expect(pair.clientEnd?.code == .protocolViolation, "\(message)")
        }
    }

    @Test func serviceAcceptComesOnceAndOnlyWhenAskedFor() throws {
        var pair = try ready()
        pair.sendToClient(ServiceAccept(service: "ssh-userauth"))
        #expect(pair.clientEnd?.code == .protocolViolation)
        // Before the host key is accepted there is nothing to accept.
        pair = Pair()
        pair.settle()
        pair.sendToClient(ServiceAccept(service: "ssh-userauth"))
        #expect(pair.clientEnd?.code == .protocolViolation)
    }

    @Test func aKeyThatWasNotOfferedIsNotSignedFor() throws {
        var pair = try ready()
        pair.client.authenticate(
            .publicKey(
                blob: TestKeys.user.publicKey.blob[...], algorithm: .ed25519, probesFirst: true))
        pair.sendToClient(
            UserAuthPKOK(algorithm: "ssh-ed25519", blob: TestKeys.ed25519.publicKey.blob[...]))
        #expect(pair.clientEnd?.code == .protocolViolation)
    }

    /// An agent's answers are as little trusted as a server's.
    @Test func whatIsLongerThanAnyServerTakesIsNotSent() throws {
        var pair = try ready()
        func expectNothingSent(_ pair: inout Pair) {
            #expect(pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
            _ = pair.step()
            guard case .authenticationRequired(let status)? = pair.clientEvents.popLast() else {
                Issue.record("no method asked for")
                return
            }
            #expect(status.cause == .declined)
        }
        pair.client.authenticate(
            .publicKey(
                blob: TestKeys.user.publicKey.blob[...], algorithm: .ed25519, probesFirst: false))
        pair.client.provideSignature(Bytes(repeating: 0, count: 262_000))
        expectNothingSent(&pair)
        pair.client.authenticate(
            .password(Secret(copying: [UInt8](repeating: 0x61, count: 300_000))))
        expectNothingSent(&pair)
        pair.client.authenticate(
            .publicKey(
                blob: Bytes(repeating: 0, count: 262_000), algorithm: .ed25519, probesFirst: true))
        expectNothingSent(&pair)
        pair.client.authenticate(.keyboardInteractive(submethods: ""))
        _ = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        pair.sendToClient(
            UserAuthInfoRequest(
                name: "", instruction: "", prompts: [.init(text: "", echoes: false)]))
        pair.client.answerQuestions([Secret(copying: [UInt8](repeating: 0x61, count: 300_000))])
        expectNothingSent(&pair)
    }

    @Test func anExpiredPasswordCanBeChanged() throws {
        var pair = try ready()
        pair.client.authenticate(.password(Secret(copying: [0x61])))
        pair.sendToClient(UserAuthPasswordChangeRequest(prompt: "Change it"))
        guard case .authenticationRequired(let status)? = pair.clientEvents.last else {
            Issue.record("\(pair.clientEvents)")
            return
        }
        #expect(status.cause == .passwordExpired(prompt: "Change it"))
        _ = pair.client.takeOutput(maximum: 1 << 20, now: .zero)
        pair.client.authenticate(
            .passwordChange(old: Secret(copying: [0x61]), new: Secret(copying: [0x62])))
        #expect(!pair.client.takeOutput(maximum: 1 << 20, now: .zero).isEmpty)
        // The new one may be refused as well.
        pair.sendToClient(UserAuthPasswordChangeRequest(prompt: "Too short"))
        guard case .authenticationRequired(let status)? = pair.clientEvents.last else {
            Issue.record("\(pair.clientEvents)")
            return
        }
        #expect(status.cause == .passwordExpired(prompt: "Too short"))
    }

    @Test func questionsAreAskedAndAnswered() throws {
        var pair = try ready()
        pair.client.authenticate(.keyboardInteractive(submethods: ""))
        for round in 1...3 {
            let prompts = (0..<round).map {
                AuthenticationPrompt(text: "Code \($0): ", echoes: $0 == 0)
            }
            pair.sendToClient(
                UserAuthInfoRequest(name: "Login", instruction: "Look", prompts: prompts))
            guard case .questionsAsked(let questions)? = pair.clientEvents.last else {
                Issue.record("\(pair.clientEvents)")
                return
            }
            #expect(questions.prompts == prompts)
            #expect(questions.name == "Login")
            pair.client.answerQuestions(prompts.map { _ in Secret(copying: [0x31]) })
        }
        pair.sendToClient(UserAuthSuccess())
        guard case .authenticated? = pair.clientEvents.last else {
            Issue.record("\(pair.clientEvents)")
            return
        }
    }

    @Test func endlessQuestionsEndTheConnection() throws {
        var pair = try ready()
        pair.client.authenticate(.keyboardInteractive(submethods: ""))
        for _ in 0..<SSHLimits.interactiveRounds {
            pair.sendToClient(UserAuthInfoRequest(name: "", instruction: "", prompts: []))
            #expect(pair.clientEnd == nil)
            pair.client.answerQuestions([])
        }
        pair.sendToClient(UserAuthInfoRequest(name: "", instruction: "", prompts: []))
        #expect(pair.clientEnd?.code == .limitExceeded)
    }
}

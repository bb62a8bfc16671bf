// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Testing
import Wire

@testable import SSHProtocol

/// Both roles against each other in the methods that take more than one step.
@Suite struct StepwiseAuthenticationTests {
    private func ready(_ methods: [ServerAuthenticationParameters.Method]) throws -> Pair {
        var pair = Pair(
            server: SSHServerConfiguration(
                hostKeys: [TestKeys.ed25519],
                authentication: ServerAuthenticationParameters(methods: methods)))
        try pair.exchangeKeys()
        pair.clientEvents = []
        return pair
    }

    private func attempt(_ pair: inout Pair) throws -> AuthenticationAttempt.Method {
        pair.settle()
        guard case .authenticationRequested(let attempt)? = pair.serverEvents.popLast() else {
            throw pair.failure
        }
        return attempt.method
    }

    private func secrets(_ texts: String...) -> [Secret] { texts.map { Secret(copying: $0.utf8) } }

    @Test func questionsGoBackAndForthUntilTheServerIsContent() throws {
        var pair = try ready([.keyboardInteractive])
        pair.client.authenticate(.keyboardInteractive(submethods: "pam"))
        guard case .keyboardInteractive("pam") = try attempt(&pair) else { throw pair.failure }
        let password = AuthenticationPrompt(text: "Password: ", echoes: false)
        let code = AuthenticationPrompt(text: "Code: ", echoes: true)
        for prompts in [[password], [], [password, code]] {
            pair.server.askQuestions(
                AuthenticationQuestions(name: "n", instruction: "i", prompts: prompts))
            pair.settle()
            guard case .questionsAsked(let asked)? = pair.clientEvents.popLast() else {
                throw pair.failure
            }
            #expect(
                asked == AuthenticationQuestions(name: "n", instruction: "i", prompts: prompts))
            pair.client.answerQuestions(prompts.map { Secret(copying: $0.text.utf8) })
            guard case .answers(let answers) = try attempt(&pair) else { throw pair.failure }
            #expect(answers.map(Array.init) == prompts.map { Array($0.text.utf8) })
        }
        pair.server.acceptAuthentication()
        pair.settle()
        guard case .authenticated? = pair.clientEvents.last else { throw pair.failure }
    }

    @Test func aWrongNumberOfAnswersIsAFailure() throws {
        var pair = try ready([.keyboardInteractive])
        pair.client.authenticate(.keyboardInteractive(submethods: ""))
        _ = try attempt(&pair)
        pair.server.askQuestions(
            AuthenticationQuestions(prompts: [.init(text: "?", echoes: false)]))
        pair.sendToServer(UserAuthInfoResponse(responses: []))
        #expect(pair.serverEvents.isEmpty)
        // Answers come once: the failure has ended the round.
        pair.sendToServer(UserAuthInfoResponse(responses: [[0x31]]))
        #expect(pair.serverEnd?.code == .protocolViolation)
    }

    @Test func anotherRequestGivesUpQuestions() throws {
        var pair = try ready([.keyboardInteractive, .password])
        pair.client.authenticate(.keyboardInteractive(submethods: ""))
        _ = try attempt(&pair)
        pair.server.askQuestions(
            AuthenticationQuestions(prompts: [.init(text: "?", echoes: false)]))
        pair.settle()
        pair.client.authenticate(.password(secrets("right")[0]))
        guard case .password = try attempt(&pair) else { throw pair.failure }
        pair.sendToServer(UserAuthInfoResponse(responses: [[0x31]]))
        #expect(pair.serverEnd?.code == .protocolViolation)
    }

    @Test func aPasswordIsChangedWhereTheServerDemandsIt() throws {
        var pair = try ready([.password])
        pair.client.authenticate(.password(secrets("old")[0]))
        _ = try attempt(&pair)
        for new in ["weak", "strong"] {
            pair.server.demandPasswordChange(prompt: "again")
            pair.settle()
            guard case .authenticationRequired(let status)? = pair.clientEvents.popLast() else {
                throw pair.failure
            }
            #expect(status.cause == .passwordExpired(prompt: "again"))
            let passwords = secrets("old", new)
            pair.client.authenticate(.passwordChange(old: passwords[0], new: passwords[1]))
            guard case .passwordChange(let old, let changed) = try attempt(&pair) else {
                throw pair.failure
            }
            #expect(old.elementsEqual("old".utf8) && changed.elementsEqual(new.utf8))
        }
        pair.server.acceptAuthentication()
        pair.settle()
        guard case .authenticated? = pair.clientEvents.last else { throw pair.failure }
    }

    @Test func methodsThatAreNotOfferedAreRefusedWithoutAskingTheOwner() throws {
        var pair = try ready([.publicKey])
        for method in [
            AuthenticationMethod.keyboardInteractive(submethods: ""),
            .passwordChange(old: secrets("a")[0], new: secrets("b")[0]),
        ] {
            pair.client.authenticate(method)
            pair.settle()
            #expect(pair.serverEvents.isEmpty)
        }
    }
}

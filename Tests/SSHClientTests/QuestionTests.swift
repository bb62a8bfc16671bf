// SPDX-License-Identifier: Apache-2.0

import SSHClient
import SSHProtocol
import Testing

/// What users are asked while they log in, in memory and virtual time.
@Suite struct QuestionTests {
    private static let login = "alice@server.example"

    private func server(
        _ rounds: [[AuthenticationPrompt]], name: String = "", instruction: String = ""
    ) -> MemoryServer.Behaviour {
        var behaviour = MemoryServer.Behaviour()
        behaviour.questions = rounds.map {
            AuthenticationQuestions(name: name, instruction: instruction, prompts: $0)
        }
        return behaviour
    }

    private func simulation(
        _ options: [String] = [], answers: [String], _ behaviour: MemoryServer.Behaviour,
        methods: [ServerAuthenticationParameters.Method] = [.keyboardInteractive]
    ) throws -> Simulation {
        try Simulation(options, answers: answers, behaviour: behaviour) {
            $0.authentication = ServerAuthenticationParameters(methods: methods)
        }
    }

    @Test func eachRoundIsAskedAndEachAnswerShownOnlyWhereAllowed() throws {
        let behaviour = server(
            [
                [.init(text: "Password: ", echoes: false)], [],
                [.init(text: "Code: ", echoes: true), .init(text: "PIN: ", echoes: false)],
            ])
        let simulation = try simulation(answers: ["Password: ", "Code: ", "PIN: "], behaviour)
        try simulation.run { try await echo($0, size: 10) }
        #expect(
            simulation.prompter.questions
                == ["Password: ", "Code: ", "PIN: "].map {
                    "(\(Self.login)) \($0)"
                })
        #expect(simulation.prompter.kinds == [.secret, .visible, .secret])
    }

    @Test func textsOfTheServerAreShownHarmless() throws {
        let menu = "Choose:\n 1. \u{1B}[2JPush\n 2. Call\n\nWhich? "
        let behaviour = server(
            [[.init(text: menu, echoes: true)]], name: "Second \u{7}step",
            instruction: "Look\u{202E}")
        let simulation = try simulation(answers: [menu], behaviour)
        try simulation.run { try await echo($0, size: 10) }
        #expect(
            simulation.prompter.questions == [
                "(\(Self.login)) Choose:\n 1. \\u{1B}[2JPush\n 2. Call\n\nWhich? "
            ])
        #expect(simulation.prompter.messages.contains("Second \\u{7}step"))
        #expect(simulation.prompter.messages.contains("Look\\u{202E}"))
    }

    @Test func questionsAreAskedAsOftenAsPasswords() throws {
        let behaviour = server([[.init(text: "right", echoes: false)]])
        let good = try simulation(answers: ["wrong", "right"], behaviour)
        try good.run { try await echo($0, size: 10) }
        let bad = try simulation(
            ["NumberOfPasswordPrompts=2"], answers: ["a", "b", "right"], behaviour)
        #expect {
            try bad.run { _ in }
        } throws: { error in
            "\(error)".hasSuffix(
                "Permission denied (keyboard-interactive): keyboard-interactive: refused")
        }
        #expect(bad.prompter.questions.count == 2)
    }

    @Test func whoDoesNotAnswerMayStillHaveAPassword() throws {
        var behaviour = server([[.init(text: "Code: ", echoes: false)]])
        behaviour.password = "never asked for"
        let simulation = try simulation(
            answers: [], behaviour, methods: [.keyboardInteractive, .password])
        #expect {
            try simulation.run { _ in }
        } throws: { error in
            "\(error)".hasSuffix(
                "keyboard-interactive: nobody could be asked, or answered; "
                    + "password: nobody could be asked, or answered")
        }
        #expect(simulation.prompter.questions.count == 2)
    }

    @Test func keyThenQuestionsAreTwoSteps() throws {
        var behaviour = server([[.init(text: "Code: ", echoes: false)]])
        (behaviour.acceptsKeys, behaviour.wantsBoth) = (true, true)
        let simulation = try simulation(
            ["IdentityFile=/keys/one"], answers: ["correct horse"], behaviour,
            methods: [.publicKey])
        simulation.world.setFile(
            "/keys/one", Array(try TestKeys.privateText("user-ed25519").utf8))
        try simulation.run { try await echo($0, size: 10) }
        #expect(simulation.prompter.questions == ["\(Self.login)'s password: "])
    }

    @Test func preferredAuthenticationsDecideTheOrder() throws {
        let behaviour = server([[.init(text: "Code: ", echoes: false)]])
        let simulation = try simulation(
            ["PreferredAuthentications=password,keyboard-interactive"],
            answers: ["wrong", "wrong", "wrong", "Code: "], behaviour,
            methods: [.keyboardInteractive, .password])
        try simulation.run { try await echo($0, size: 10) }
        let questions = simulation.prompter.questions
        #expect(questions.count == 4)
        #expect(questions.prefix(3).allSatisfy { $0.hasSuffix("'s password: ") })
        #expect(questions.last == "(\(Self.login)) Code: ")
    }

    @Test(arguments: [
        "BatchMode=yes", "KbdInteractiveAuthentication=no", "PreferredAuthentications=publickey",
        "NumberOfPasswordPrompts=0",
    ])
    func nobodyIsAskedWhereThatIsNotWanted(_ option: String) throws {
        let behaviour = server([[.init(text: "Code: ", echoes: false)]])
        let simulation = try simulation([option], answers: ["Code: "], behaviour)
        #expect(throws: SSHClientError.self) { try simulation.run { _ in } }
        #expect(simulation.prompter.questions.isEmpty)
    }

    @Test func serverWithoutQuestionsIsNotTriedTwice() throws {
        // It refuses at once, without ever asking.
        var behaviour = server([])
        behaviour.wantsBoth = true
        behaviour.password = "unknown"
        let simulation = try simulation(["NumberOfPasswordPrompts=1"], answers: ["a"], behaviour)
        #expect(throws: SSHClientError.self) { try simulation.run { _ in } }
        #expect(simulation.prompter.questions.count == 1)
    }

    // MARK: Changing a password

    private func expired() -> MemoryServer.Behaviour {
        var behaviour = MemoryServer.Behaviour()
        behaviour.newPasswordLength = 8
        return behaviour
    }

    @Test func expiredPasswordIsChanged() throws {
        let simulation = try simulation(
            answers: [
                "correct horse",
                "correct horse", "short", "short",
                "correct horse", "long enough", "mistyped", "long enough", "long enough",
            ], expired(), methods: [.password])
        try simulation.run { try await echo($0, size: 10) }
        let texts = [
            "old", "new", "Retype", "old", "new", "Retype", "new", "Retype",
        ].map { word in
            word == "Retype"
                ? "Retype \(Self.login)'s new password: "
                : "Enter \(Self.login)'s \(word) password: "
        }
        #expect(simulation.prompter.questions == ["\(Self.login)'s password: "] + texts)
        #expect(simulation.prompter.kinds.allSatisfy { $0 == .secret })
        #expect(simulation.prompter.messages.contains("It has \\u{1B}expired."))
        #expect(simulation.prompter.messages.contains("Too short."))
        #expect(simulation.prompter.messages.contains("The two differ; try again."))
    }

    @Test func passwordThatNobodyChangesIsRefused() throws {
        let simulation = try simulation(
            answers: ["correct horse"], expired(), methods: [.password])
        #expect(throws: SSHClientError.self) { try simulation.run { _ in } }
    }
}

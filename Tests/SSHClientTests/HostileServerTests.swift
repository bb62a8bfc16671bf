// SPDX-License-Identifier: Apache-2.0

import SSHClient
import SSHProtocol
import Testing
import Wire

/// Servers that mean no good to whoever logs in, in memory and virtual time: each attempt ends, soon
/// enough, with an error that says why.
@Suite struct HostileServerTests {
    private static let evil = "Password\u{1B}]0;title\u{7}\u{202E}:\r\nhawser: all is well\u{9B}2J"

    /// Tries to log in, and returns the error and what was asked and shown.
    private func logIn(
        _ hostility: MemoryServer.Hostility,
        _ methods: [ServerAuthenticationParameters.Method], _ options: [String] = [],
        keys: [String] = []
    ) throws -> (error: String, prompter: ScriptedPrompter) {
        var behaviour = MemoryServer.Behaviour()
        behaviour.hostility = hostility
        let simulation = try Simulation(
            options + ["IdentityFile=/keys/ed25519", "IdentityFile=/keys/ecdsa-256"],
            answers: Array(repeating: "answer", count: 10_000), behaviour: behaviour
        ) {
            $0.authentication = ServerAuthenticationParameters(
                methods: methods, maximumAttempts: 100_000)
        }
        for kind in keys {
            simulation.world.setFile(
                "/keys/\(kind)", Array(try TestKeys.privateText("user-\(kind)").utf8))
        }
        let error = #expect(throws: SSHClientError.self) {
            try simulation.run(limit: .seconds(600)) { _ in }
        }
        let text = try #require(error).description
        #expect(text == TerminalText.line(text, limit: .max) && text.utf8.count < 2_000)
        for shown in simulation.prompter.questions + simulation.prompter.messages {
            #expect(shown == TerminalText.message(shown))
        }
        return (text, simulation.prompter)
    }

    @Test(arguments: [0, 1, 100])
    func questionsWithoutEndEndTheLogin(prompts: Int) throws {
        let questions = AuthenticationQuestions(
            name: Self.evil, instruction: Self.evil,
            prompts: Array(repeating: .init(text: Self.evil, echoes: false), count: prompts))
        let (error, prompter) = try logIn(.asks(questions), [.keyboardInteractive])
        #expect(error.hasSuffix("the server asked questions more than 32 times"))
        #expect(prompter.questions.count == 32 * prompts)
        #expect(prompter.messages.count <= 2 * 32 + 10)
        // A question never looks like one of ours.
        #expect(
            prompter.questions.allSatisfy { $0.hasPrefix("(alice@server.example) Password\\u{1B}") }
        )
    }

    @Test func questionsWithoutEndAreAnsweredByNobodyInBatchMode() throws {
        let questions = AuthenticationQuestions(
            name: "", instruction: "", prompts: [.init(text: Self.evil, echoes: true)])
        let (error, prompter) = try logIn(
            .asks(questions), [.keyboardInteractive], ["BatchMode=yes"])
        #expect(error.hasSuffix("keyboard-interactive: BatchMode allows no questions"))
        #expect(prompter.questions.isEmpty)
    }

    @Test func demandsForANewPasswordEnd() throws {
        let (error, prompter) = try logIn(.demandsChange(Self.evil), [.password])
        #expect(error.hasSuffix("Permission denied (password): password: refused"))
        #expect(prompter.questions.count == 1 + 10 * 3)
    }

    @Test(
        arguments: [
            ([.publicKey], 2, "the server wants more than 16 proofs"),
            ([.publicKey], 1, "publickey: the server wants another key, and there is none"),
            (
                [.publicKey, .password, .keyboardInteractive], 2,
                "the server wants more than 16 proofs"
            ),
            ([.password], 0, "password: refused"),
        ] as [([ServerAuthenticationParameters.Method], Int, String)])
    func partialSuccessWithoutEndEnds(
        _ methods: [ServerAuthenticationParameters.Method], _ keys: Int, _ reason: String
    ) throws {
        let (error, prompter) = try logIn(
            .wantsMore(methods), methods, keys: Array(["ed25519", "ecdsa-256"].prefix(keys)))
        #expect(error.hasSuffix(reason))
        #expect(prompter.questions.count <= 3)
    }

    @Test(arguments: [(2_048, 7), (2_048, 4), (1, 16_000), (16_384, 0)])
    func thousandsOfMethodsAreNoTrouble(_ count: Int, _ length: Int) throws {
        var writer = WireWriter()
        writer.write(UInt8(51))
        writer.writeString(
            (0..<count).map { "m\($0)" + String(repeating: "x", count: max(0, length - 5)) }
                .joined(separator: ","))
        writer.write(false)
        let (error, prompter) = try logIn(.says(writer.bytes), [.password])
        #expect(error.contains("Permission denied (m0") || error.contains("exceeds the limit"))
        #expect(prompter.questions.count == 1)
    }

    @Test(arguments: ["m\u{1B}[2J", "a\nb", "password,,password", "", "password,password"])
    func oddNamesOfMethodsAreShownHarmless(_ names: String) throws {
        var writer = WireWriter()
        writer.write(UInt8(51))
        writer.writeString(names)
        writer.write(false)
        _ = try logIn(.says(writer.bytes), [.password], ["NumberOfPasswordPrompts=1"])
    }
}

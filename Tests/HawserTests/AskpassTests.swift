// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc
import SSHClient
import SSHConfig
import SSHCrypto
import Synchronization
import Testing

@testable import hawser

/// Who is asked, and how a program's answer is read.
@Suite struct AskpassTests {
    struct Case: Sendable {
        var environment: [String: String]
        var kind = Question.Kind.secret
        var hasTerminal = true
        var expected: AskpassRules.Way
    }

    /// ssh(1): `SSH_ASKPASS_REQUIRE`, and what it does where that is not set.
    static let cases: [Case] = [
        Case(environment: [:], expected: .terminal),
        Case(environment: [:], hasTerminal: false, expected: .nobody),
        Case(environment: ["SSH_ASKPASS": "/a"], hasTerminal: false, expected: .nobody),
        Case(environment: ["SSH_ASKPASS": "/a", "DISPLAY": ":0"], expected: .terminal),
        Case(
            environment: ["SSH_ASKPASS": "/a", "DISPLAY": ":0"], hasTerminal: false,
            expected: .program("/a")),
        Case(
            environment: ["SSH_ASKPASS": "/a", "WAYLAND_DISPLAY": "w"], hasTerminal: false,
            expected: .program("/a")),
        Case(
            environment: ["DISPLAY": ":0"], hasTerminal: false,
            expected: .program("/usr/bin/ssh-askpass")),
        Case(
            environment: ["SSH_ASKPASS": "/a", "SSH_ASKPASS_REQUIRE": "force"],
            expected: .program("/a")),
        Case(
            environment: ["SSH_ASKPASS": "/a", "SSH_ASKPASS_REQUIRE": "prefer"],
            expected: .terminal),
        Case(
            environment: ["SSH_ASKPASS": "/a", "SSH_ASKPASS_REQUIRE": "prefer", "DISPLAY": ":0"],
            expected: .program("/a")),
        Case(
            environment: ["SSH_ASKPASS": "/a", "SSH_ASKPASS_REQUIRE": "never", "DISPLAY": ":0"],
            hasTerminal: false, expected: .nobody),
        Case(
            environment: ["SSH_ASKPASS": "/a", "DISPLAY": ":0"], kind: .permission,
            expected: .program("/a")),
        Case(environment: ["SSH_ASKPASS": "/a"], kind: .permission, expected: .terminal),
        Case(
            environment: ["SSH_ASKPASS": "/a", "DISPLAY": ":0"], kind: .visible,
            expected: .terminal),
    ]

    @Test(arguments: cases)
    func rulesAreThoseOfSSH(_ test: Case) {
        let rules = AskpassRules(environment: test.environment)
        #expect(rules.way(for: test.kind, hasTerminal: test.hasTerminal) == test.expected)
    }

    /// Runs `sh -c script` as if it were an askpass program.
    private func answer(_ script: String, kind: Question.Kind = .secret) throws -> String? {
        let path = "\(P_tmpdir)/hawser-askpass-\(UInt64.random(in: 0 ... .max))"
        let write = "printf '%s' \"$1\" >\"$2\" && chmod 700 \"$2\""
        let status = try run(
            ["/bin/sh", "-c", write, "sh", "#!/bin/sh\n" + script + "\n", path])
        try #require(status == .exited(0))
        defer { _ = try? run(["/bin/rm", path]) }
        let loop = try EpollLoop()
        return try loop.run {
            let program = AskpassProgram(path: path, loop: loop)
            let answer = await program.answer(to: Question("What?", kind: kind))
            // Nobody would reap it once the loop rests.
            try await loop.withTimeout(.seconds(30)) { try await loop.waitForPrograms() }
            return answer?.withSpan { span in
                String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
            }
        }
    }

    private func run(_ arguments: [String]) throws -> ProgramStatus {
        let loop = try EpollLoop()
        return try loop.run {
            try await ChildProcess(Program(arguments), loop: loop).waitUntilEnd()
        }
    }

    @Test func programsAnswerIsItsFirstLine() throws {
        #expect(try answer("echo secret; echo more") == "secret")
        #expect(try answer("echo \"$1\"") == "What?")
        #expect(try answer("echo \"[$SSH_ASKPASS_PROMPT]\"") == "[]")
        #expect(try answer("printf 'no newline'") == "no newline")
    }

    @Test func programThatFailsGivesNoAnswer() throws {
        #expect(try answer("echo secret; exit 1") == nil)
    }

    @Test(arguments: ["yes x | tr -d '\\n'", "exec yes", "head -c 1024 /dev/zero"])
    func programThatPrintsTooMuchIsEndedAndGivesNoAnswer(_ script: String) throws {
        #expect(try answer(script) == nil)
    }

    @Test func longAnswersAreTaken() throws {
        #expect(try answer("head -c 1023 /dev/zero | tr '\\0' x")?.count == 1023)
    }

    @Test func permissionIsTheExitStatus() throws {
        #expect(try answer("[ \"$SSH_ASKPASS_PROMPT\" = confirm ]", kind: .permission) == "yes")
        #expect(try answer("exit 1", kind: .permission) == nil)
        #expect(try answer("echo no", kind: .permission) == "no")
    }

    @Test func missingProgramGivesNoAnswer() throws {
        let loop = try EpollLoop()
        try loop.run {
            let program = AskpassProgram(path: "/no/such/program", loop: loop)
            let answer = await program.answer(to: Question("What?", kind: .secret))
            #expect(answer == nil)
        }
    }
}

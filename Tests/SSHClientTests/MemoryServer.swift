// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SSHProtocol
import Wire

/// Our own server core on a channel, with an `echo` subsystem, for tests in virtual time.
actor MemoryServer {
    struct Behaviour: Sendable {
        var password = "correct horse"
        var acceptsKeys = false
        /// Wants a key first, and then the password as well.
        var wantsBoth = false
        /// Takes what the client sends on channels, or lets it pile up.
        var readsChannels = true
        /// What it sends on a channel once the subsystem runs.
        var greeting: [UInt8] = []
        var refusesSessions = false
        var answersSubsystems = true
        /// Rounds of questions whose answers have to be the prompts' texts; none for no questions.
        var questions: [AuthenticationQuestions] = []
        /// The password has expired: only another one of this length or more is taken.
        var newPasswordLength: Int?
        /// What it does to whoever tries to log in, for ever.
        var hostility: Hostility?
    }

    /// What a server may do that means no good.
    enum Hostility: Sendable {
        /// Asks these questions again, whatever the answers are.
        case asks(AuthenticationQuestions)
        /// Demands that passwords be changed, with this prompt.
        case demandsChange(String)
        /// Takes each proof and wants another.
        case wantsMore([ServerAuthenticationParameters.Method])
        /// Says this in answer.
        case says([UInt8])
    }

    private let loop: any EventLoop
    private let channel: any ByteChannel
    private let behaviour: Behaviour
    private var connection: SSHServerConnection
    private let senders: WaitQueue
    private var hasEnded = false
    private var rounds = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    init(
        _ loop: any EventLoop, _ channel: any ByteChannel, _ configuration: SSHServerConfiguration,
        _ behaviour: Behaviour, random: @escaping RandomSource
    ) {
        self.loop = loop
        self.channel = channel
        self.behaviour = behaviour
        connection = SSHServerConnection(
            configuration: configuration, now: loop.now, random: random)
        senders = WaitQueue(loop: loop)
    }

    func start() {
        loop.spawn { await self.receiveAll() }
        loop.spawn { await self.sendAll() }
    }

    private func receiveAll() async {
        while let bytes = try? await channel.read() {
            connection.receive(bytes, now: loop.now)
            stateChanged()
        }
        connection.receiveEnd(now: loop.now)
        stateChanged()
    }

    private func sendAll() async {
        while true {
            let output = connection.takeOutput(maximum: 64 * 1024, now: loop.now)
            if !output.isEmpty {
                if (try? await channel.write([output[...]])) == nil { break }
            } else if hasEnded {
                break
            } else {
                try? await senders.wait()
            }
        }
        await channel.close()
    }

    private func stateChanged() {
        while let event = connection.nextEvent() { handle(event) }
        senders.wakeAll()
    }

    private func handle(_ event: SSHServerEvent) {
        switch event {
        case .authenticationRequested(let attempt): decide(attempt)
        case .sessionRequested(let id):
            if behaviour.refusesSessions {
                connection.refuse(
                    id, reason: .administrativelyProhibited, description: "not \u{1B}[1mtoday")
            } else {
                connection.accept(id)
            }
        case .request(let id, let request, let wantsReply):
            guard wantsReply, behaviour.answersSubsystems else { return }
            let isEcho = request == .subsystem(name: "echo")
            connection.answerRequest(on: id, isSuccess: isEcho)
            if isEcho, !behaviour.greeting.isEmpty {
                connection.send([behaviour.greeting[...]], on: id)
            }
        case .channel(let id, .data(let bytes)):
            guard behaviour.readsChannels else { return }
            connection.send([bytes], on: id)
            connection.consumed(bytes.count, on: id)
        case .channel(let id, .endOfData):
            connection.sendEndOfData(on: id)
            connection.sendExitStatus(0, on: id)
            connection.close(id, discardingUnsentData: false)
        case .disconnected: hasEnded = true
        case .channel, .authenticated, .keepaliveAnswered: break
        }
    }

    private func decide(_ attempt: AuthenticationAttempt) {
        if let hostility = behaviour.hostility { return act(hostility, attempt.method) }
        switch attempt.method {
        case .publicKeyQuery, .publicKey:
            guard behaviour.acceptsKeys else { return connection.rejectAuthentication() }
            if behaviour.wantsBoth, case .publicKey = attempt.method {
                connection.acceptAuthenticationPartially(remaining: [.password])
            } else {
                connection.acceptAuthentication()
            }
        case .password(let password):
            if !password.elementsEqual(behaviour.password.utf8) {
                connection.rejectAuthentication()
            } else if behaviour.newPasswordLength != nil {
                connection.demandPasswordChange(prompt: "It has \u{1B}expired.")
            } else {
                connection.acceptAuthentication()
            }
        case .passwordChange(let old, let new):
            if !old.elementsEqual(behaviour.password.utf8) {
                connection.rejectAuthentication()
            } else if new.count < behaviour.newPasswordLength ?? 0 {
                connection.demandPasswordChange(prompt: "Too short.")
            } else {
                connection.acceptAuthentication()
            }
        case .keyboardInteractive:
            rounds = 0
            askNext()
        case .answers(let answers):
            let expected = behaviour.questions[rounds - 1].prompts.map(\.text)
            if answers.map({ String(decoding: $0, as: UTF8.self) }) == expected {
                askNext()
            } else {
                connection.rejectAuthentication()
            }
        }
    }

    private func act(_ hostility: Hostility, _ method: AuthenticationAttempt.Method) {
        switch (hostility, method) {
        case (.asks(let questions), .keyboardInteractive), (.asks(let questions), .answers):
            connection.askQuestions(questions)
        case (.demandsChange(let prompt), .password), (.demandsChange(let prompt), .passwordChange):
            connection.demandPasswordChange(prompt: prompt)
        case (.wantsMore(let methods), _):
            connection.acceptAuthenticationPartially(remaining: methods)
        case (.says(let payload), _): connection.send(payload: payload[...])
        default: connection.rejectAuthentication()
        }
    }

    private func askNext() {
        if rounds < behaviour.questions.count {
            connection.askQuestions(behaviour.questions[rounds])
            rounds += 1
        } else if behaviour.wantsBoth {
            connection.acceptAuthenticationPartially(remaining: [.password])
        } else {
            connection.acceptAuthentication()
        }
    }
}

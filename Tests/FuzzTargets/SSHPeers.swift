// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import SSHProtocol
import Synchronization
import Wire

/// A client's connection with an owner that answers its events as a program would.
struct ClientPeer: ~Copyable {
    var connection: SSHClientConnection
    private(set) var milestone = Milestone.connecting
    private(set) var hasEnded = false
    private var attempts = 0

    /// How far the session has come.
    enum Milestone: UInt8, CaseIterable {
        case connecting, hostKeyAccepted, authenticating, authenticated, channelOpen, answered
    }

    init() {
        let random = SeededRandom(seed: 1)
        connection = SSHClientConnection(
            configuration: SSHClientConfiguration(user: "alice"), now: .zero
        ) { random.bytes($0) }
    }

    /// Answers all events, and returns what there is to send.
    mutating func react() -> [UInt8] {
        while let event = connection.nextEvent() {
            precondition(!hasEnded, "an event after the last one")
            answer(event)
        }
        return connection.takeOutput(maximum: 1 << 20, now: .zero)
    }

    /// A key, a password and answers to questions, in turn.
    private var method: AuthenticationMethod {
        switch attempts % 3 {
        case 1:
            .publicKey(
                blob: fuzzKey.publicKey.blob[...], algorithm: PublicKeyAlgorithm(.ed25519),
                probesFirst: true)
        case 2: .password(Secret(copying: "secret".utf8))
        default: .keyboardInteractive(submethods: "")
        }
    }

    private mutating func answer(_ event: SSHClientEvent) {
        switch event {
        case .hostKeyVerificationRequired:
            milestone = .hostKeyAccepted
            connection.acceptHostKey(now: .zero)
        case .authenticationRequired:
            milestone = .authenticating
            attempts += 1
            connection.authenticate(method)
        case .signatureRequired where attempts > 3: connection.declineSignature()
        case .questionsAsked where attempts > 3: connection.declineQuestions()
        case .signatureRequired(let request):
            do {
                let signature = try fuzzKey.sign(request.data, algorithm: .ed25519)
                connection.provideSignature(signature[...])
            } catch {
                preconditionFailure("libcrypto cannot sign: \(error)")
            }
        case .questionsAsked(let questions):
            connection.answerQuestions(
                questions.prompts.map { _ in Secret(copying: "answer".utf8) })
        case .authenticated:
            milestone = .authenticated
            _ = connection.openSession()
        case .channel(let id, .opened):
            milestone = .channelOpen
            connection.request(.subsystem(name: "sftp"), on: id)
        case .channel(let id, .requestAnswered):
            milestone = .answered
            connection.send([Bytes(repeating: 1, count: 3_000)], on: id)
            connection.sendKeepalive()
        case .keepaliveAnswered: connection.rekeyNow()
        case .hostKeysAdvertised: connection.proveHostKeys([fuzzKey.publicKey])
        case .channel(let id, .data(let data)), .channel(let id, .extendedData(_, let data)):
            connection.consumed(data.count, on: id)
            connection.sendEndOfData(on: id)
        case .channel(let id, .endOfData): connection.close(id, discardingUnsentData: false)
        case .disconnected: hasEnded = true
        case .banner, .channel, .hostKeysProved: break
        }
    }
}

/// A server's connection with an owner that answers its events as a program would.
struct ServerPeer: ~Copyable {
    var connection: SSHServerConnection
    private(set) var hasEnded = false

    init() {
        let random = SeededRandom(seed: 2)
        connection = SSHServerConnection(
            configuration: SSHServerConfiguration(
                hostKeys: [fuzzKey],
                authentication: ServerAuthenticationParameters(
                    methods: ServerAuthenticationParameters.Method.allCases)), now: .zero
        ) { random.bytes($0) }
    }

    /// Answers all events, and returns what there is to send.
    mutating func react() -> [UInt8] {
        while let event = connection.nextEvent() {
            precondition(!hasEnded, "an event after the last one")
            answer(event)
        }
        return connection.takeOutput(maximum: 1 << 20, now: .zero)
    }

    private mutating func answer(_ event: SSHServerEvent) {
        switch event {
        case .authenticationRequested(let attempt):
            // A key is worth asking about, but only the password lets anyone in.
            switch attempt.method {
            case .publicKeyQuery, .password: connection.acceptAuthentication()
            case .publicKey, .answers: connection.rejectAuthentication()
            case .passwordChange: connection.demandPasswordChange(prompt: "another one")
            case .keyboardInteractive:
                connection.askQuestions(
                    AuthenticationQuestions(prompts: [.init(text: "?", echoes: false)]))
            }
        case .sessionRequested(let id): connection.accept(id)
        case .request(let id, _, let wantsReply):
            if wantsReply { connection.answerRequest(on: id, isSuccess: true) }
        case .channel(let id, .data(let data)), .channel(let id, .extendedData(_, let data)):
            connection.consumed(data.count, on: id)
            connection.send([data], on: id)
        case .channel(let id, .endOfData):
            connection.sendEndOfData(on: id)
            connection.sendExitStatus(0, on: id)
            connection.close(id, discardingUnsentData: false)
        case .disconnected: hasEnded = true
        case .authenticated, .channel, .keepaliveAnswered: break
        }
    }
}

/// Random bytes that are the same in each run (a linear congruential generator's upper bits).
private final class SeededRandom: Sendable {
    private let state: Mutex<UInt64>

    init(seed: UInt64) { state = Mutex(seed) }

    func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            }
        }
    }
}

/// Made by ssh-keygen for this, and for nothing else.
let fuzzKeyText = """
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
    QyNTUxOQAAACCy95SQf5GPo2dutf1E9X5pCXZMF22i7ZlGEeBQLmSDfAAAAIj2HtqL9h7a
    iwAAAAtzc2gtZWQyNTUxOQAAACCy95SQf5GPo2dutf1E9X5pCXZMF22i7ZlGEeBQLmSDfA
    AAAEAlD5oUR1jE4+53bAou3uyvuYXtBlGBS7zJSu1voZqkvbL3lJB/kY+jZ261/UT1fmkJ
    dkwXbaLtmUYR4FAuZIN8AAAABGZ1enoB
    -----END OPENSSH PRIVATE KEY-----
    """

/// The key in ``fuzzKeyText``.
let fuzzKey: PrivateKey = {
    do {
        return try PrivateKeyFile(Array(fuzzKeyText.utf8).span).privateKey()
    } catch {
        preconditionFailure("the key is broken: \(error)")
    }
}()

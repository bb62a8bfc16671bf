// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import SSHProtocol
import Wire

// An input is a byte that says how far the session has come, and then messages, each with a length of
// two bytes before it: a peer that holds the right keys sends them, well encrypted, whatever they say, and
// does not care for what it is answered.

extension FuzzTarget {
    /// What a server with the right keys sends to our client.
    static let sshClientMessages = FuzzTarget(
        name: "ssh-client-messages", seeds: messageSeeds,
        run: { input in
            var session = Session(advancedTo: input.first ?? 0)
            for message in chunks(of: input.dropFirst()) {
                checkSymmetry(of: message)
                session.server.connection.send(payload: message)
                let sealed = session.server.connection.takeOutput(maximum: 1 << 20, now: .zero)
                session.client.connection.receive(sealed[...], now: .zero)
                _ = session.client.react()
            }
            session.client.connection.receiveEnd(now: .zero)
            _ = session.client.react()
            precondition(session.client.hasEnded, "the connection outlives its end")
        })

    /// What a client with the right keys sends to our server.
    static let sshServerMessages = FuzzTarget(
        name: "ssh-server-messages", seeds: messageSeeds,
        run: { input in
            var session = Session(advancedTo: input.first ?? 0)
            for message in chunks(of: input.dropFirst()) {
                checkSymmetry(of: message)
                session.client.connection.send(payload: message)
                let sealed = session.client.connection.takeOutput(maximum: 1 << 20, now: .zero)
                session.server.connection.receive(sealed[...], now: .zero)
                _ = session.server.react()
            }
            session.server.connection.receiveEnd(now: .zero)
            _ = session.server.react()
            precondition(session.server.hasEnded, "the connection outlives its end")
        })
}

/// A message that can be decoded means the same once it is encoded again.
private func checkSymmetry(of payload: Bytes) {
    func check<Message: SSHMessage>(_: Message.Type) {
        guard let message = try? Message(payload: payload) else { return }
        precondition((try? Message(payload: message.payload[...])) == message, "\(message)")
    }
    let types: [any SSHMessage.Type] = [
        Disconnect.self, Ignore.self, Unimplemented.self, ServiceRequest.self, ServiceAccept.self,
        ExtInfo.self, KexInit.self, NewKeys.self, KexECDHInit.self, KexECDHReply.self,
        KexGroupRequest.self, KexGroup.self, KexGroupInit.self, KexGroupReply.self,
        UserAuthRequest.self, UserAuthFailure.self, UserAuthSuccess.self, UserAuthBanner.self,
        UserAuthPKOK.self, UserAuthPasswordChangeRequest.self, UserAuthInfoRequest.self,
        UserAuthInfoResponse.self, GlobalRequest.self, RequestSuccess.self, RequestFailure.self,
        ChannelOpen.self, ChannelOpenConfirmation.self, ChannelOpenFailure.self,
        ChannelWindowAdjust.self, ChannelData.self, ChannelExtendedData.self, ChannelEOF.self,
        ChannelClose.self, ChannelRequest.self, ChannelSuccess.self, ChannelFailure.self,
        Ping.self, Pong.self,
    ]
    for type in types { check(type) }
}

/// A client and a server that talk to each other in memory.
private struct Session: ~Copyable {
    var client = ClientPeer()
    var server = ServerPeer()

    /// Moves bytes once in each direction.
    ///
    /// - Returns: whether there were any.
    private mutating func step() -> Bool {
        let fromClient = client.react()
        let fromServer = server.react()
        if !fromClient.isEmpty { server.connection.receive(fromClient[...], now: .zero) }
        if !fromServer.isEmpty { client.connection.receive(fromServer[...], now: .zero) }
        return !fromClient.isEmpty || !fromServer.isEmpty
    }

    /// A session in which the client has reached the milestone of that number.
    init(advancedTo stage: UInt8) {
        let milestones = ClientPeer.Milestone.allCases
        let wanted = milestones[Int(stage) % milestones.count]
        while client.milestone.rawValue < wanted.rawValue, step() {}
    }
}

/// Each message where it may come, and some where it may not.
private let messageSeeds: @Sendable () -> [[UInt8]] = {
    [
        (transportMessages(), [.connecting, .hostKeyAccepted]),
        (userReplies(), [.authenticating]), (userRequests(), [.authenticating]),
        (questions(), [.authenticating]), (replies(), [.answered]),
        (channelMessages(), [.channelOpen, .answered]),
    ].flatMap { (messages: [[UInt8]], stages: [ClientPeer.Milestone]) in
        stages.flatMap { stage in
            [[stage.rawValue] + messages.flatMap(chunked)]
                + messages.map { [stage.rawValue] + chunked($0) }
        }
    }
}

private func bytes(_ text: String) -> Bytes { Bytes(text.utf8) }

private func transportMessages() -> [[UInt8]] {
    [
        Ignore(data: bytes("x")).payload,
        Ping(data: bytes("x")).payload,
        Pong(data: bytes("x")).payload,
        Unimplemented(sequenceNumber: 1).payload,
        ServiceRequest(service: "ssh-userauth").payload,
        ServiceAccept(service: "ssh-userauth").payload,
        ExtInfo(extensions: [
            .init(name: "server-sig-algs", value: bytes("ssh-ed25519,rsa-sha2-256")),
            .init(name: "ping@openssh.com", value: bytes("0")),
        ]).payload,
        KexInit(
            cookie: Bytes(repeating: 3, count: 16), keyExchange: ["curve25519-sha256"],
            serverHostKey: ["ssh-ed25519"], encryption: .init(both: ["aes128-gcm@openssh.com"]),
            mac: .init(both: ["hmac-sha2-256"]), compression: .init(both: ["none"])
        ).payload,
        NewKeys().payload,
        KexECDHInit(clientPublicKey: Bytes(repeating: 9, count: 32)).payload,
        KexECDHReply(
            hostKey: bytes("key"), serverPublicKey: Bytes(repeating: 9, count: 32),
            signature: bytes("signature")
        ).payload,
        Disconnect(reason: .byApplication, description: "bye").payload,
        [99, 1, 2, 3],
    ]
}

private func userRequests() -> [[UInt8]] {
    let key = UserAuthRequest.PublicKey(
        algorithm: "ssh-ed25519", blob: fuzzKey.publicKey.blob[...], signature: bytes("signature"))
    let query = UserAuthRequest.PublicKey(algorithm: "ssh-ed25519", blob: key.blob)
    let methods: [UserAuthRequest.Method] = [
        .none, .publicKey(query), .publicKey(key),
        .passwordChange(old: bytes("a"), new: bytes("b")),
        .keyboardInteractive(submethods: ""), .other(name: "hostbased"), .password(bytes("a")),
    ]
    return methods.map { UserAuthRequest(user: "alice", method: $0).payload }
        + [UserAuthInfoResponse(responses: [bytes("a")]).payload]
}

/// What leads a client past its key and its password to questions, and to those that it declines.
private func questions() -> [[UInt8]] {
    let failure = UserAuthFailure(methods: ["password"], partialSuccess: false).payload
    let question = UserAuthInfoRequest(
        name: "", instruction: "", prompts: [.init(text: "Password: ", echoes: false)]
    ).payload
    return [failure, failure, question, question, failure, failure, failure, question, failure]
}

/// Answers to what a client asks once its channel is open: signs of life, proofs of keys, more room.
private func replies() -> [[UInt8]] {
    var keys = WireWriter()
    keys.writeString(fuzzKey.publicKey.blob)
    var proof = WireWriter()
    proof.writeString(Bytes(repeating: 7, count: 64))
    return [
        ChannelWindowAdjust(recipient: 0, bytesToAdd: 1_000).payload,
        GlobalRequest(name: "hostkeys-00@openssh.com", wantReply: false, data: keys.bytes[...])
            .payload,
        RequestFailure().payload,
        RequestSuccess(data: proof.bytes[...]).payload,
        ChannelExtendedData(recipient: 0, dataType: 1, data: bytes("error")).payload,
        ChannelRequest(recipient: 0, wantReply: true, kind: .exitStatus(1)).payload,
        ChannelClose(recipient: 0).payload,
    ]
}

/// In the order in which a client makes its attempts: key, password, questions.
private func userReplies() -> [[UInt8]] {
    [
        UserAuthBanner(message: "welcome").payload,
        UserAuthPKOK(algorithm: "ssh-ed25519", blob: fuzzKey.publicKey.blob[...]).payload,
        UserAuthFailure(methods: ["password"], partialSuccess: false).payload,
        UserAuthPasswordChangeRequest(prompt: "expired").payload,
        UserAuthFailure(methods: ["keyboard-interactive"], partialSuccess: true).payload,
        UserAuthInfoRequest(
            name: "", instruction: "", prompts: [.init(text: "Password: ", echoes: false)]
        ).payload,
        UserAuthSuccess().payload,
    ]
}

private func channelMessages() -> [[UInt8]] {
    let kinds: [ChannelRequest.Kind] = [
        .environment(name: "A", value: "b"), .exec(command: "true"), .subsystem(name: "sftp"),
        .shell, .exitStatus(1), .exitSignal(name: "TERM", dumpedCore: false, message: "ended"),
        .endOfWrite, .other(name: "pty-req", data: [1, 2, 3]),
    ]
    return kinds.map { ChannelRequest(recipient: 0, wantReply: true, kind: $0).payload } + [
        GlobalRequest(name: "keepalive@openssh.com", wantReply: true).payload,
        GlobalRequest(name: "hostkeys-00@openssh.com", wantReply: false, data: [0, 0, 0, 1, 7])
            .payload,
        RequestSuccess(data: [1]).payload,
        RequestFailure().payload,
        ChannelOpen(type: "session", sender: 5, initialWindow: 1_000, maximumPacket: 500).payload,
        ChannelOpenConfirmation(
            recipient: 0, sender: 5, initialWindow: .max, maximumPacket: 32_768
        ).payload,
        ChannelOpenFailure(recipient: 0, reason: .connectFailed, description: "no").payload,
        ChannelWindowAdjust(recipient: 0, bytesToAdd: .max).payload,
        ChannelData(recipient: 0, data: bytes("data")).payload,
        ChannelExtendedData(recipient: 0, dataType: 1, data: bytes("error")).payload,
        ChannelSuccess(recipient: 0).payload,
        ChannelFailure(recipient: 0).payload,
        ChannelEOF(recipient: 0).payload,
        ChannelClose(recipient: 0).payload,
    ]
}

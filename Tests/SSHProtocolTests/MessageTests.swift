// SPDX-License-Identifier: Apache-2.0

import SSHProtocol
import Testing
import Wire

/// One value of every message, with every optional part present.
private let samples: [any SSHMessage] = [
    Disconnect(reason: .byApplication, description: "bye"),
    Ignore(data: [1, 2, 3]),
    Unimplemented(sequenceNumber: 0x0102_0304),
    ServiceRequest(service: "ssh-userauth"),
    ServiceAccept(service: "ssh-userauth"),
    ExtInfo(extensions: [
        .init(name: "server-sig-algs", value: Bytes("rsa-sha2-256".utf8)),
        .init(name: "ping@openssh.com", value: [0x30]),
    ]),
    Ping(data: [9]),
    Pong(data: [9]),
    KexInit(
        cookie: Bytes(repeating: 7, count: 16), keyExchange: ["a", "b"], serverHostKey: ["c"],
        encryption: .init(clientToServer: ["d"], serverToClient: ["e"]), mac: .init(both: []),
        compression: .init(both: ["none"]), firstKexPacketFollows: true),
    NewKeys(),
    KexECDHInit(clientPublicKey: [1, 2]),
    KexECDHReply(hostKey: [1], serverPublicKey: [2], signature: [3]),
    KexGroupRequest(minimum: 2048, preferred: 3072, maximum: 8192),
    KexGroup(prime: [0x7F, 1], generator: [2]),
    KexGroupInit(clientPublicKey: [1, 2]),
    KexGroupReply(KexECDHReply(hostKey: [1], serverPublicKey: [2], signature: [3])),
    UserAuthRequest(user: "u", method: .none),
    UserAuthRequest(
        user: "u", method: .publicKey(.init(algorithm: "ssh-ed25519", blob: [1], signature: [2]))),
    UserAuthRequest(user: "u", method: .publicKey(.init(algorithm: "ssh-ed25519", blob: [1]))),
    UserAuthRequest(
        user: "u",
        method: .publicKey(.init(algorithm: "x", blob: [1], hostKey: [5], signature: [2]))),
    UserAuthRequest(user: "u", method: .password([0x70])),
    UserAuthRequest(user: "u", method: .passwordChange(old: [1], new: [2])),
    UserAuthRequest(user: "u", method: .keyboardInteractive(submethods: "pam")),
    UserAuthFailure(methods: ["publickey", "password"], partialSuccess: true),
    UserAuthSuccess(),
    UserAuthBanner(message: "Welcome"),
    UserAuthPKOK(algorithm: "ssh-ed25519", blob: [1]),
    UserAuthPasswordChangeRequest(prompt: "expired"),
    UserAuthInfoRequest(
        name: "n", instruction: "i", prompts: [.init(text: "Password: ", echoes: false)]),
    UserAuthInfoResponse(responses: [[1], []]),
    GlobalRequest(name: "keepalive@openssh.com", wantReply: true, data: [1]),
    RequestSuccess(data: [1]),
    RequestFailure(),
    ChannelOpen(type: "session", sender: 1, initialWindow: 2, maximumPacket: 3, data: [4]),
    ChannelOpenConfirmation(recipient: 1, sender: 2, initialWindow: 3, maximumPacket: 4),
    ChannelOpenFailure(recipient: 1, reason: .resourceShortage, description: "no"),
    ChannelWindowAdjust(recipient: 1, bytesToAdd: 2),
    ChannelData(recipient: 1, data: [1, 2, 3]),
    ChannelExtendedData(recipient: 1, dataType: 1, data: [1]),
    ChannelEOF(recipient: 1),
    ChannelClose(recipient: 1),
    ChannelSuccess(recipient: 1),
    ChannelFailure(recipient: 1),
    ChannelRequest(recipient: 1, wantReply: true, kind: .environment(name: "A", value: "b")),
    ChannelRequest(recipient: 1, wantReply: true, kind: .exec(command: "ls")),
    ChannelRequest(recipient: 1, wantReply: true, kind: .subsystem(name: "sftp")),
    ChannelRequest(recipient: 1, wantReply: true, kind: .shell),
    ChannelRequest(recipient: 1, wantReply: false, kind: .exitStatus(3)),
    ChannelRequest(
        recipient: 1, wantReply: false,
        kind: .exitSignal(name: "KILL", dumpedCore: true, message: "m")),
    ChannelRequest(recipient: 1, wantReply: false, kind: .endOfWrite),
    ChannelRequest(recipient: 1, wantReply: true, kind: .other(name: "pty-req", data: [1, 2])),
]

@Suite struct MessageTests {
    private func roundTrip<Message: SSHMessage>(_ message: Message) throws {
        #expect(try Message(payload: message.payload[...]) == message)
    }

    @Test func everyMessageDecodesToWhatWasEncoded() throws {
        for message in samples { try roundTrip(message) }
    }

    private func decodes(_ type: any SSHMessage.Type, _ payload: Bytes) -> Bool {
        (try? type.init(payload: payload)) != nil
    }

    /// Messages whose last field is "the rest", or that old peers may cut short after some field.
    private func shorterForms(_ message: some SSHMessage) -> Set<Int> {
        let count = message.payload.count
        switch message {
        case is Disconnect: return [5, count - 4]
        case is UserAuthBanner, is ChannelOpenFailure,
            is UserAuthPasswordChangeRequest:
            return [count - 4]
        case let request as GlobalRequest: return [count - request.data.count]
        case is RequestSuccess: return [1]
        case let open as ChannelOpen: return [count - open.data.count]
        case let request as ChannelRequest:
            // With broken fields it is a request that is not known.
            return Set((10 + request.kind.name.utf8.count)..<count)
        default: return []
        }
    }

    @Test func refusesEveryTruncation() {
        for message in samples {
            let payload = message.payload
            let allowed = shorterForms(message)
            for count in 0..<payload.count where !allowed.contains(count) {
                #expect(
                    !decodes(type(of: message), payload[..<count]),
                    "\(type(of: message)) of \(count) bytes")
            }
        }
    }

    @Test func refusesTrailingBytes() {
        for message in samples {
            switch message {
            case is GlobalRequest, is RequestSuccess, is ChannelOpen, is ChannelOpenConfirmation,
                is ChannelRequest:
                continue
            default: break
            }
            #expect(!decodes(type(of: message), message.payload + [0]), "\(type(of: message))")
        }
    }

    @Test func refusesCountsThatTheMessageCannotHold() {
        let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        #expect(!decodes(ExtInfo.self, [MessageNumber.extInfo.rawValue] + huge))
        #expect(
            !decodes(
                UserAuthInfoRequest.self,
                [MessageNumber.userAuthMethodRequest.rawValue] + [UInt8](repeating: 0, count: 12)
                    + huge))
        #expect(
            !decodes(
                UserAuthInfoResponse.self,
                [MessageNumber.userAuthMethodResponse.rawValue] + huge))
    }

    @Test func aChannelRequestWithBrokenFieldsIsAnUnknownOne() throws {
        let request = ChannelRequest(recipient: 1, wantReply: true, kind: .exec(command: "ls"))
        let broken: [Bytes] = [request.payload.dropLast(1), request.payload + [0]]
        for payload in broken {
            let decoded = try ChannelRequest(payload: payload)
            guard case .other(name: "exec", _) = decoded.kind else {
                Issue.record("\(decoded)")
                continue
            }
            #expect(decoded.wantReply)
        }
        // A command line that is not UTF-8.
        let latin = Array(request.payload.dropLast(2)) + [0xE4, 0xF6]
        guard case .other(name: "exec", _) = try ChannelRequest(payload: latin[...]).kind else {
            Issue.record("taken for UTF-8")
            return
        }
    }

    @Test func textsForPeopleNeedNotBeUTF8() throws {
        let message = UserAuthInfoRequest(
            name: "", instruction: "", prompts: [.init(text: "XX", echoes: false)])
        var payload = message.payload
        payload[payload.count - 3] = 0xFC
        let decoded = try UserAuthInfoRequest(payload: payload[...])
        #expect(decoded.prompts.first?.text == "\u{FFFD}X")
    }

    @Test func acceptsTheShortDisconnectOfOldServers() throws {
        let message = Disconnect(reason: .tooManyConnections, description: "busy")
        #expect(try Disconnect(payload: message.payload.dropLast(4)) == message)
    }

    @Test func signsTheRequestAsItIsSent() throws {
        let key = UserAuthRequest.PublicKey(algorithm: "ssh-ed25519", blob: [1, 2], hostKey: [3])
        let signed = UserAuthRequest.signedData(
            sessionID: [8, 8], user: "u", service: "ssh-connection", key: key)
        var sent = key
        sent.signature = []
        let request = UserAuthRequest(user: "u", method: .publicKey(sent))
        // The session identifier comes first, and the signature is left out.
        #expect(signed == [0, 0, 0, 2, 8, 8] + request.payload.dropLast(4))
    }
}

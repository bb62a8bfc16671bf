// SPDX-License-Identifier: Apache-2.0

package import EventLoop
package import SSHCrypto
package import Wire

/// Talks to an SSH agent (draft-ietf-sshm-ssh-agent), one request at a time.
///
/// The agent is not trusted more than a server: a forwarded or replaced socket may be anybody's.
package struct AgentClient {
    /// A key that the agent offers.
    package struct Key {
        package let blob: Bytes
        package let comment: String
    }

    /// What went wrong with an agent.
    package enum Failure: Error {
        /// It refused, as when the user did not confirm.
        case refused
        /// It did not answer in time, or any more after that: it is not asked again.
        case silent
        /// It closed the connection, or what it said makes no sense.
        case broken(String)
    }

    /// The longest message, in bytes: OpenSSH's `MAX_AGENT_REPLY_LEN`.
    private static let longestMessage = 256 * 1024
    /// The most keys in one answer: OpenSSH's `MAX_AGENT_IDENTITIES`.
    private static let mostKeys = 2048
    /// The longest signature: an RSA key of 16,384 bits gives 2,048 bytes.
    private static let longestSignature = 16 * 1024
    /// A comment is shown in messages only.
    private static let longestComment = 1024
    /// How long an agent may take to answer what it knows by itself, as which keys it has.
    private static let answerTime = Duration.seconds(10)
    /// How long it may take to sign: the user may have to confirm, or to touch a device.
    private static let signingTime = Duration.seconds(120)

    private enum Message {
        static let success: UInt8 = 6
        static let requestIdentities: UInt8 = 11
        static let identitiesAnswer: UInt8 = 12
        static let signRequest: UInt8 = 13
        static let signResponse: UInt8 = 14
        static let addIdentity: UInt8 = 17
        static let addConstrainedIdentity: UInt8 = 25
        static let `extension`: UInt8 = 27
    }

    /// The largest private key as an agent is given it, in bytes: RSA's, with room for a comment.
    private static let largestKey = 16 * 1024

    private let channel: any ByteChannel
    private let loop: any EventLoop
    private let patience: Duration

    /// - Parameter connectTimeout: `ConnectTimeout`, where it is set: the agent may not take longer.
    package init(
        channel: any ByteChannel, loop: any EventLoop, connectTimeout: Duration? = nil
    ) {
        self.channel = channel
        self.loop = loop
        patience = min(connectTimeout ?? Self.answerTime, Self.answerTime)
    }

    /// The keys that the agent holds.
    package func keys() async throws -> [Key] {
        let answer = try await request([Message.requestIdentities], within: patience)
        do {
            return try Self.parseKeys(answer)
        } catch let error as WireError {
            throw Failure.broken("\(error)")
        }
    }

    /// Has `data` signed by the key, or certificate, that the agent lists as `blob`.
    ///
    /// - Returns: the signature blob, which names `algorithm`.
    package func sign(
        _ data: Bytes, by blob: Bytes, algorithm: SignatureAlgorithm
    ) async throws -> Bytes {
        var writer = WireWriter(capacity: data.count + blob.count + 16)
        writer.write(Message.signRequest)
        writer.writeString(blob)
        writer.writeString(data)
        writer.write(algorithm.agentFlags)
        let answer = try await request(writer.bytes, within: Self.signingTime)
        do {
            return try Self.parseSignature(answer, algorithm: algorithm)
        } catch let error as WireError {
            throw Failure.broken("\(error)")
        }
    }

    package func close() async { await channel.close() }

    // MARK: Keys of ours

    /// On which conditions an agent keeps a key.
    package struct Constraints: Equatable {
        /// For how long; nil for ever.
        package var lifetime: Duration?
        /// Whether its user is asked before each use.
        package var mustConfirm = false

        /// None.
        package init() {}
    }

    /// Has the agent keep a key.
    package func add(_ key: PrivateKey, comment: String, _ constraints: Constraints) async throws {
        // With room for all of it, no part stays behind in a buffer that was grown out of.
        var writer = WireWriter(capacity: Self.largestKey)
        let isConstrained = constraints != Constraints()
        writer.write(isConstrained ? Message.addConstrainedIdentity : Message.addIdentity)
        key.agentFields().withSpan { writer.writeBytes($0) }
        writer.writeString(comment.utf8.prefix(Self.longestComment))
        if let lifetime = constraints.lifetime {
            writer.write(UInt8(1))
            writer.write(UInt32(clamping: lifetime.components.seconds))
        }
        if constraints.mustConfirm { writer.write(UInt8(2)) }
        try await requestSuccess(writer.bytes)
    }

    /// What tells an agent which connection its signatures are for (OpenSSH's PROTOCOL.agent).
    package struct Binding: Sendable {
        /// The server's key, or certificate.
        package let hostKey: Bytes
        package let sessionID: Bytes
        /// The server's signature of the first key exchange.
        package let signature: Bytes

        package init(hostKey: Bytes, sessionID: Bytes, signature: Bytes) {
            self.hostKey = hostKey
            self.sessionID = sessionID
            self.signature = signature
        }
    }

    /// Binds this connection to the agent to a server: keys that are only for others stay away.
    package func bind(_ binding: Binding) async throws {
        var writer = WireWriter(capacity: 512)
        writer.write(Message.extension)
        writer.writeString("session-bind@openssh.com")
        writer.writeString(binding.hostKey)
        writer.writeString(binding.sessionID)
        writer.writeString(binding.signature)
        writer.write(false)  // The agent is not forwarded.
        try await requestSuccess(writer.bytes)
    }

    private func requestSuccess(_ message: consuming [UInt8]) async throws {
        var message = message
        let answer = try await request(message, within: patience)
        wipe(&message)
        guard answer.first == Message.success, answer.count == 1 else { throw Failure.refused }
    }

    // MARK: Parsing

    private static func parseKeys(_ answer: Bytes) throws -> [Key] {
        var reader = WireReader(answer)
        guard try reader.readUInt8() == Message.identitiesAnswer else { throw Failure.refused }
        let count = try reader.readUInt32()
        guard count <= mostKeys else {
            throw WireError.limitExceeded(length: Int(count), limit: mostKeys)
        }
        var keys: [Key] = []
        for _ in 0..<count {
            let blob = try reader.readString()
            let comment = try reader.readString().prefix(longestComment)
            keys.append(Key(blob: blob, comment: String(decoding: comment, as: UTF8.self)))
        }
        try reader.requireEnd()
        return keys
    }

    private static func parseSignature(
        _ answer: Bytes, algorithm: SignatureAlgorithm
    ) throws -> Bytes {
        var reader = WireReader(answer)
        guard try reader.readUInt8() == Message.signResponse else { throw Failure.refused }
        let signature = try reader.readString(limit: longestSignature)
        try reader.requireEnd()
        var inner = WireReader(signature)
        // Old agents ignore the flags and sign with SHA-1, which nobody takes any more.
        guard try inner.readString().elementsEqual(algorithm.rawValue.utf8) else {
            throw WireError.malformed("a signature of another algorithm than asked for")
        }
        _ = try inner.readString()
        if algorithm.keyType.isSecurityKey {
            // What the authenticator says of the user's presence, and its counter.
            _ = try inner.readUInt8()
            _ = try inner.readUInt32()
        }
        try inner.requireEnd()
        return signature
    }

    // MARK: Messages

    private func request(_ message: [UInt8], within limit: Duration) async throws -> Bytes {
        var header = WireWriter(capacity: 4)
        header.write(UInt32(message.count))
        let pieces = [header.bytes[...], message[...]]
        do {
            return try await loop.withTimeout(limit) { [channel] in
                try await channel.write(pieces)
                return try await Self.readMessage(channel)
            }
        } catch is TimeoutError {
            // Whatever it says later would be taken for the answer to something else.
            await channel.close()
            throw Failure.silent
        }
    }

    private static func readMessage(_ channel: any ByteChannel) async throws -> Bytes {
        var buffer: [UInt8] = []
        while true {
            if buffer.count >= 4 {
                var reader = WireReader(buffer)
                let length = Int(try reader.readUInt32())
                guard length > 0, length <= longestMessage else {
                    throw Failure.broken("a message of \(length) bytes")
                }
                guard reader.remainingCount <= length else {
                    throw Failure.broken("bytes that nobody asked for")
                }
                if reader.remainingCount == length { return reader.readRemaining() }
            }
            guard let bytes = try await channel.read() else {
                throw Failure.broken("it closed the connection")
            }
            buffer += bytes
        }
    }
}

extension SignatureAlgorithm {
    /// What tells an agent which hash an RSA key is to sign with.
    fileprivate var agentFlags: UInt32 {
        switch self {
        case .rsaSHA256: 2
        case .rsaSHA512: 4
        case .ed25519, .ecdsaP256, .ecdsaP384, .ecdsaP521, .securityKeyEd25519, .securityKeyECDSA,
            .rsaSHA1:
            0
        }
    }
}

extension AgentClient.Failure: CustomStringConvertible {
    /// What went wrong.
    package var description: String {
        switch self {
        case .refused: "the agent refused"
        case .silent: "the agent did not answer in time"
        case .broken(let reason): "the agent is broken: \(reason)"
        }
    }
}

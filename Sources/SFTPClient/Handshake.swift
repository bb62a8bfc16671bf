// SPDX-License-Identifier: Apache-2.0

import EventLoop
import SFTPProtocol
import Wire

/// The start of a connection: INIT and VERSION, then limits@openssh.com where the server has it.
struct Handshake {
    let channel: any ByteChannel
    /// Holds what has been received beyond the handshake.
    private(set) var decoder = SFTPPacketDecoder()
    private(set) var extensions: Set<SFTPExtension> = []
    private(set) var limits = TransferLimits.assumed
    /// Whether the server has ``ExactExtension``.
    private(set) var isExact = false
    /// What the client tells of its sessions, if anything.
    let session: SessionRequest?
    /// What the server says to that; nil where it can't follow it.
    private(set) var sessionAnswer: SessionAnswer?

    /// The first bytes that the server sent, to quote them should they be no packet.
    private var opening: [UInt8] = []
    private static let quotedBytes = 80
    private static let ourVersion: UInt32 = 3

    init(channel: any ByteChannel, session: SessionRequest?) {
        self.channel = channel
        self.session = session
    }

    /// Sends and receives until requests can be made.
    mutating func run() async throws(SFTPError) {
        let wanted = [ExactExtension.pair] + (session.map { [$0.pair] } ?? [])
        try await send(.initialize(version: Self.ourVersion, extensions: wanted))
        let version = try await receiveVersion()
        // A server may not answer with more than ours; OpenSSH's client bears with it, and so do we.
        guard version.version >= Self.ourVersion else {
            throw .protocolViolation(
                reason:
                    "the server speaks version \(version.version) of SFTP, not \(Self.ourVersion)")
        }
        guard version.extensions.count <= ClientLimits.extensions else {
            throw .protocolViolation(reason: "VERSION with \(version.extensions.count) extensions")
        }
        extensions = Set(SFTPExtension.allCases.filter(version.supports))
        isExact = version.extensions.contains(ExactExtension.pair)
        if session != nil { sessionAnswer = SessionAnswer(version.extensions) }
        if extensions.contains(.limits) { try await askForLimits() }
    }

    private mutating func receiveVersion() async throws(SFTPError) -> SFTPVersion {
        let first: SFTPServerMessage
        do {
            first = try await receive()
        } catch .connectionLost(let reason) where opening.isEmpty {
            throw .connectionLost(reason: "\(reason) before it sent anything")
        } catch .cancelled {
            throw .cancelled
        } catch {
            throw noPacket()
        }
        guard case .version(let version) = first else { throw noPacket() }
        return version
    }

    /// What the server sent is not SFTP.
    ///
    /// By far the most common cause is a shell that prints something as it starts, and its text is
    /// then taken for the length of a packet.
    private func noPacket() -> SFTPError {
        let quoted = escaped(opening, limit: Self.quotedBytes)
        // The length of every packet that we take begins with a zero byte.
        let isText = opening.first.map { 0x20..<0x7F ~= $0 || 9...13 ~= $0 } ?? false
        return .protocolViolation(
            reason: isText
                ? """
                the server's shell prints text where SFTP should start: "\(quoted)". Its start-up \
                files, such as .bashrc, must print nothing unless the shell is interactive
                """
                : "the server does not start with VERSION but with \"\(quoted)\"")
    }

    private mutating func askForLimits() async throws(SFTPError) {
        try await send(.request(id: 0, .limits))
        guard case .reply(id: 0, let reply) = try await receive() else {
            throw .protocolViolation(reason: "no reply to limits@openssh.com")
        }
        do {
            limits = TransferLimits(try ReplyDecoding.limits(reply, 0))
        } catch .status {
            // The server knows the request but has no answer: what holds for every server holds.
        }
    }

    private func send(_ message: SFTPClientMessage) async throws(SFTPError) {
        do {
            try await channel.write(message.encode())
        } catch {
            throw SFTPError(channelError: error)
        }
    }

    private mutating func receive() async throws(SFTPError) -> SFTPServerMessage {
        while true {
            if let message = try decodeNext() { return message }
            let bytes: Bytes?
            do {
                bytes = try await channel.read()
            } catch {
                throw SFTPError(channelError: error)
            }
            guard let bytes else {
                throw .connectionLost(reason: "the server closed the connection")
            }
            opening += bytes.prefix(Self.quotedBytes + 1 - min(opening.count, Self.quotedBytes + 1))
            decoder.append(bytes)
        }
    }

    private mutating func decodeNext() throws(SFTPError) -> SFTPServerMessage? {
        do {
            guard let frame = try decoder.next() else { return nil }
            return try SFTPServerMessage(decoding: frame)
        } catch {
            throw .protocolViolation(reason: error.description)
        }
    }
}

extension SFTPError {
    /// What a channel threw.
    init(channelError error: any Error) {
        self = error is CancellationError ? .cancelled : .connectionLost(reason: "\(error)")
    }
}

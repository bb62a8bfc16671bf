// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import SFTPProtocol
public import Wire

/// Why a session has ended.
public enum SessionEnd: Equatable, Sendable {
    /// The client has finished.
    case endOfStream
    /// A packet's length is out of bounds: what follows can't be read.
    case unreadable(WireError)
    /// The client broke the order of the protocol.
    case failed(SessionFailure)
    /// The channel failed; the text says how.
    case channelFailed(String)
}

extension SFTPSession {
    /// How many bytes of replies are collected before they are handed to the channel.
    private static let replyBytesPerWrite = 256 << 10

    /// Serves a client until it finishes or fails, then closes the session and the channel.
    ///
    /// All requests that have arrived are carried out before the next wait. No request is read while
    /// the channel's queue of replies is full.
    public func serve(over channel: any ByteChannel) async -> SessionEnd {
        var end = await serveRequests(over: channel)
        do {
            // What was answered before a failure still counts, if the client takes it.
            if replyByteCount > 0 { try await channel.write(takeReplies()) }
            try await channel.finishWriting()
        } catch {
            if end == .endOfStream { end = .channelFailed("\(error)") }
        }
        if let complaint = end.logText { log.log(.error, complaint) }
        close()
        await channel.close()
        return end
    }

    private func serveRequests(over channel: any ByteChannel) async -> SessionEnd {
        var decoder = SFTPPacketDecoder()
        do {
            while let chunk = try await channel.read() {
                decoder.append(chunk)
                while let frame = try decoder.next() {
                    try receive(frame)
                    if replyByteCount >= Self.replyBytesPerWrite {
                        try await channel.write(takeReplies())
                    }
                }
                if replyByteCount > 0 { try await channel.write(takeReplies()) }
            }
            return .endOfStream
        } catch let error as WireError {
            return .unreadable(error)
        } catch let error as SessionFailure {
            return .failed(error)
        } catch {
            return .channelFailed("\(error)")
        }
    }
}

extension SessionEnd {
    /// The exit status of OpenSSH's sftp-server for such an end.
    public var exitStatus: Int32 {
        switch self {
        case .endOfStream: 0
        case .channelFailed: 1
        case .unreadable: 11
        case .failed: 255
        }
    }

    /// What is logged; `nil` for an orderly end.
    fileprivate var logText: String? {
        switch self {
        case .endOfStream: nil
        case .unreadable(let error): "bad message: \(error)"
        case .failed(let failure): failure.description
        case .channelFailed(let reason): reason
        }
    }
}

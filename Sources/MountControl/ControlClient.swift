// SPDX-License-Identifier: Apache-2.0

public import EventLoop
import Wire

/// Asks a mount at its private socket.
public struct ControlClient {
    /// How long an answer may be, in bytes.
    static let replyBytes = 1 << 20

    private let socket: ControlSocket
    private let loop: EpollLoop

    /// Who asks a mount.
    public init(_ socket: ControlSocket, loop: EpollLoop) {
        self.socket = socket
        self.loop = loop
    }

    /// Asks, and waits for the answer.
    ///
    /// - Parameters:
    ///   - request: one line, without its newline.
    ///   - patience: how long to wait; nil for as long as it takes.
    /// - Throws: ``ControlError``.
    public func ask(
        _ request: String, patience: Duration?
    ) async throws(ControlError) -> ControlReply {
        let socket: FileDescriptor
        do {
            socket = try self.socket.connect(loop)
        } catch {
            throw .unreachable(error)
        }
        do {
            let channel = try DescriptorChannel(socket: socket, loop: loop)
            let result = await answer(request, on: channel, patience)
            await channel.close()
            return try result.get()
        } catch let error as ControlError {
            throw error
        } catch {
            throw .broken("\(error)")
        }
    }

    private func answer(
        _ request: String, on channel: DescriptorChannel, _ patience: Duration?
    ) async -> Result<ControlReply, any Error> {
        do {
            let exchange: @Sendable () async throws -> ControlReply = {
                try await channel.write([Array("\(request)\n".utf8)[...]])
                return try await Self.readReply(channel)
            }
            guard let patience else { return .success(try await exchange()) }
            return .success(try await loop.withTimeout(patience, exchange))
        } catch is TimeoutError {
            return .failure(ControlError.silent)
        } catch {
            return .failure(error)
        }
    }

    private static func readReply(_ channel: DescriptorChannel) async throws -> ControlReply {
        var bytes: [UInt8] = []
        while let more = try await channel.read() {
            bytes.append(contentsOf: more)
            if bytes.count > replyBytes { throw ControlError.broken("the answer has no end") }
        }
        guard let reply = ControlReply(encoded: bytes) else {
            throw ControlError.broken("the answer is cut short")
        }
        return reply
    }
}

/// Why a mount has given no answer.
public enum ControlError: Error, Equatable {
    /// No process answers at its socket.
    case unreachable(SystemError)
    /// Its process has taken the question and says nothing.
    case silent
    /// What it said is no answer, for this reason.
    case broken(String)
}

extension ControlError: CustomStringConvertible {
    /// One line that says what happened.
    public var description: String {
        switch self {
        case .unreachable(let error): "its process can't be asked: \(error.reason)"
        case .silent: "its process does not answer"
        case .broken(let reason): "its process gave no proper answer: \(reason)"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Wire

/// Has an ssh process that shares its connection (`ControlMaster`) run something for us on the
/// server, on that connection: nobody has to log in again.
struct MasterClient {
    /// Why that process does not do it.
    enum Failure: Error {
        /// Its user, or the server, refused.
        case refused(String)
        /// It is none, or does not do its part.
        case broken(String)
    }

    /// How long it may take to say who it is.
    private static let helloTime = Duration.seconds(10)
    /// How long it may take to open a session: it may have to ask its user (`ControlMaster ask`).
    private static let openingTime = Duration.seconds(60)

    private let control: DescriptorChannel
    private let loop: any EventLoop
    private var received: [UInt8] = []

    init(control: DescriptorChannel, loop: any EventLoop) {
        self.control = control
        self.loop = loop
    }

    /// Opens a session whose standard streams are `input`, `output` and `error`, which stay the
    /// caller's.
    mutating func open(
        _ program: ServerProgram, environment: [String], streams: [CInt]
    ) async throws {
        try await control.write([MasterMessage.hello[...]])
        guard case .hello(MasterMessage.version) = try await receive(within: Self.helloTime) else {
            throw Failure.broken("it does not speak version \(MasterMessage.version)")
        }
        let request = MasterMessage.newSession(program, environment: environment)
        try await control.write([request[...]])
        for stream in streams { try await control.pass(stream) }
        while true {
            switch try await receive(within: Self.openingTime) {
            case .sessionOpened: return
            case .permissionDenied(let text): throw Failure.refused(text)
            case .failure(let text): throw Failure.refused(text)
            case .hello, .exited: throw Failure.broken("an answer to nothing that was asked")
            case .other: continue
            }
        }
    }

    private mutating func receive(within limit: Duration) async throws -> MasterMessage.Reply {
        do {
            return try MasterMessage.Reply(try await receiveMessage(until: loop.now + limit))
        } catch let error as WireError {
            throw Failure.broken("\(error)")
        } catch is TimeoutError {
            throw Failure.broken("it does not answer")
        }
    }

    private mutating func receiveMessage(until deadline: Duration) async throws -> Bytes {
        while true {
            if received.count >= 4 {
                var reader = WireReader(received)
                let length = Int(try reader.readUInt32())
                guard length <= MasterMessage.longest else {
                    throw Failure.broken("a message of \(length) bytes")
                }
                if reader.remainingCount >= length {
                    let message = try WireReader(received).first(length)
                    received.removeFirst(4 + length)
                    return message
                }
            }
            guard let bytes = try await read(until: deadline) else {
                throw Failure.broken("it closed the connection")
            }
            received += bytes
        }
    }

    private func read(until deadline: Duration) async throws -> Bytes? {
        try await loop.withTimeout(deadline - loop.now) { [control] in
            try await control.read()
        }
    }
}

extension WireReader {
    /// The content of the string that comes next, which is known to be there.
    fileprivate func first(_ length: Int) throws(WireError) -> Bytes {
        var reader = self
        return try reader.readString(limit: length)
    }
}

extension MasterClient.Failure: CustomStringConvertible {
    /// What went wrong.
    var description: String {
        switch self {
        case .refused(let text): "it refused: \(TerminalText.line(text))"
        case .broken(let text): text
        }
    }
}

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

    /// How long it may take to say who it is: a process that works says so at once.
    private static let helloTime = Duration.seconds(3)
    /// How long it may take to open a session: it may have to ask its user (`ControlMaster ask`).
    private static let openingTime = Duration.seconds(20)

    private let control: DescriptorChannel
    private let loop: any EventLoop
    /// How long all of it may take.
    private let patience: Duration
    private var received: [UInt8] = []

    /// - Parameter connectTimeout: `ConnectTimeout`, where it is set.
    init(control: DescriptorChannel, connectTimeout: Duration?, loop: any EventLoop) {
        self.control = control
        self.loop = loop
        patience = connectTimeout ?? Self.openingTime
    }

    /// Opens a session whose standard streams are `input`, `output` and `error`, which stay the
    /// caller's.
    mutating func open(
        _ program: ServerProgram, environment: [String], streams: [CInt]
    ) async throws {
        let deadline = loop.now + patience
        try await control.write([MasterMessage.hello[...]])
        let greeting = try await receive(until: min(deadline, loop.now + Self.helloTime))
        guard case .hello(MasterMessage.version) = greeting else {
            throw Failure.broken("it does not speak version \(MasterMessage.version)")
        }
        let request = MasterMessage.newSession(program, environment: environment)
        try await control.write([request[...]])
        for stream in streams { try await control.pass(stream) }
        while true {
            switch try await receive(until: deadline) {
            case .sessionOpened: return
            case .permissionDenied(let text): throw Failure.refused(text)
            case .failure(let text): throw Failure.refused(text)
            case .hello, .exited: throw Failure.broken("an answer to nothing that was asked")
            case .other: continue
            }
        }
    }

    private mutating func receive(until deadline: Duration) async throws -> MasterMessage.Reply {
        do {
            return try MasterMessage.Reply(try await receiveMessage(until: deadline))
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

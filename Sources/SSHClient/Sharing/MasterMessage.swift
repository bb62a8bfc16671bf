// SPDX-License-Identifier: Apache-2.0

import Wire

/// What an ssh process that shares its connection is told, and tells (OpenSSH's PROTOCOL.mux).
///
/// Where that document says boolean, four bytes go over the wire.
enum MasterMessage {
    /// The version of the protocol, the only one since OpenSSH 5.
    static let version: UInt32 = 4
    /// The longest message, in bytes: OpenSSH's `SSHBUF`-backed reader takes as much from us.
    static let longest = 256 * 1024

    private enum Kind {
        static let hello: UInt32 = 0x0000_0001
        static let newSession: UInt32 = 0x1000_0002
        static let permissionDenied: UInt32 = 0x8000_0002
        static let failure: UInt32 = 0x8000_0003
        static let exitMessage: UInt32 = 0x8000_0004
        static let sessionOpened: UInt32 = 0x8000_0006
    }

    /// What the master may say.
    enum Reply: Equatable {
        case hello(version: UInt32)
        /// The session runs; the number is the master's name for it.
        case sessionOpened(session: UInt32)
        /// The user of the master said no.
        case permissionDenied(String)
        case failure(String)
        /// The session's program has ended with this status.
        case exited(status: UInt32)
        /// Something that does not concern us.
        case other

        init(_ message: Bytes) throws(WireError) {
            var reader = WireReader(message)
            let kind = try reader.readUInt32()
            switch kind {
            case Kind.hello: self = .hello(version: try reader.readUInt32())
            case Kind.sessionOpened:
                _ = try reader.readUInt32()
                self = .sessionOpened(session: try reader.readUInt32())
            case Kind.permissionDenied:
                _ = try reader.readUInt32()
                self = .permissionDenied(try reader.text())
            case Kind.failure:
                _ = try reader.readUInt32()
                self = .failure(try reader.text())
            case Kind.exitMessage:
                _ = try reader.readUInt32()
                self = .exited(status: try reader.readUInt32())
            default: self = .other
            }
        }
    }

    static var hello: [UInt8] {
        frame { writer in
            writer.write(Kind.hello)
            writer.write(version)
        }
    }

    /// Asks for a session; its three standard streams are passed behind it.
    static func newSession(_ program: ServerProgram, environment: [String]) -> [UInt8] {
        frame { writer in
            writer.write(Kind.newSession)
            writer.write(UInt32(0))  // The request's number: there is one.
            writer.writeString("")  // Reserved.
            for flag in [false, false, false, program.isSubsystem] {
                // A terminal, X11, the agent, a subsystem.
                writer.write(UInt32(flag ? 1 : 0))
            }
            writer.write(UInt32.max)  // No escape character.
            writer.writeString("")  // No kind of terminal.
            writer.writeString(program.text)
            for variable in environment { writer.writeString(variable) }
        }
    }

    private static func frame(_ body: (inout WireWriter) -> Void) -> [UInt8] {
        var content = WireWriter(capacity: 64)
        body(&content)
        var writer = WireWriter(capacity: content.count + 4)
        writer.writeString(content.bytes)
        return writer.bytes
    }
}

extension WireReader {
    /// A text of the master's, for people.
    fileprivate mutating func text() throws(WireError) -> String {
        String(decoding: try readString().prefix(1024), as: UTF8.self)
    }
}

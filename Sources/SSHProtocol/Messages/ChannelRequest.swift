// SPDX-License-Identifier: Apache-2.0

package import Wire

/// SSH_MSG_CHANNEL_REQUEST (RFC 4254 section 5.4).
package struct ChannelRequest: SSHMessage {
    package static let number = MessageNumber.channelRequest
    package var recipient: UInt32
    package var wantReply: Bool
    package var kind: Kind

    /// What is asked for or told.
    package enum Kind: Equatable, Sendable {
        /// An environment variable (RFC 4254 section 6.4).
        case environment(name: String, value: String)
        /// A command line for the user's shell (RFC 4254 section 6.5).
        case exec(command: String)
        /// A program by the name that the server gives it (RFC 4254 section 6.5).
        case subsystem(name: String)
        /// The user's shell (RFC 4254 section 6.5).
        case shell
        /// The program's exit status (RFC 4254 section 6.10).
        case exitStatus(UInt32)
        /// The program died of a signal (RFC 4254 section 6.10); the name has no "SIG".
        case exitSignal(name: String, dumpedCore: Bool, message: String)
        /// `eow@openssh.com`: the sender reads no more data.
        case endOfWrite
        /// A request that we don't know.
        case other(name: String, data: Bytes)
    }

    package init(recipient: UInt32, wantReply: Bool, kind: Kind) {
        self.recipient = recipient
        self.wantReply = wantReply
        self.kind = kind
    }

    package init(from reader: inout WireReader) throws(WireError) {
        recipient = try reader.readUInt32()
        let name = try reader.readUTF8String(limit: SSHLimits.nameBytes)
        wantReply = try reader.readBool()
        let data = reader.readRemaining()
        // A request whose fields we can't read is one that we don't know: it concerns its channel,
        // not the connection. Command lines and variables that are not UTF-8 are such ones.
        kind = (try? Kind(name: name, data: data)) ?? .other(name: name, data: data)
    }

    package func write(to writer: inout WireWriter) {
        writer.write(recipient)
        writer.writeString(kind.name)
        writer.write(wantReply)
        switch kind {
        case .environment(let name, let value):
            writer.writeString(name)
            writer.writeString(value)
        case .exec(let command): writer.writeString(command)
        case .subsystem(let name): writer.writeString(name)
        case .shell, .endOfWrite: break
        case .exitStatus(let status): writer.write(status)
        case .exitSignal(let name, let dumpedCore, let message):
            writer.writeString(name)
            writer.write(dumpedCore)
            writer.writeString(message)
            writer.writeString("")
        case .other(_, let data): writer.writeBytes(data)
        }
    }

    /// The names of the requests that we know.
    fileprivate enum Name {
        static let environment = "env"
        static let exec = "exec"
        static let subsystem = "subsystem"
        static let shell = "shell"
        static let exitStatus = "exit-status"
        static let exitSignal = "exit-signal"
        static let endOfWrite = "eow@openssh.com"
    }
}

extension ChannelRequest.Kind {
    fileprivate init(name: String, data: Bytes) throws(WireError) {
        var reader = WireReader(data)
        switch name {
        case ChannelRequest.Name.environment:
            self = .environment(
                name: try reader.readUTF8String(limit: SSHLimits.environmentBytes),
                value: try reader.readUTF8String(limit: SSHLimits.environmentBytes))
        case ChannelRequest.Name.exec: self = .exec(command: try reader.readUTF8String())
        case ChannelRequest.Name.subsystem:
            self = .subsystem(name: try reader.readUTF8String(limit: SSHLimits.nameBytes))
        case ChannelRequest.Name.shell: self = .shell
        case ChannelRequest.Name.exitStatus: self = .exitStatus(try reader.readUInt32())
        case ChannelRequest.Name.exitSignal:
            self = .exitSignal(
                name: try reader.readUTF8String(limit: SSHLimits.nameBytes),
                dumpedCore: try reader.readBool(), message: try reader.readText())
            if !reader.isAtEnd { _ = try reader.readString() }  // The language tag.
        case ChannelRequest.Name.endOfWrite: self = .endOfWrite
        default: self = .other(name: name, data: reader.readRemaining())
        }
        try reader.requireEnd()
    }

    /// The request's name on the wire.
    package var name: String {
        switch self {
        case .environment: ChannelRequest.Name.environment
        case .exec: ChannelRequest.Name.exec
        case .subsystem: ChannelRequest.Name.subsystem
        case .shell: ChannelRequest.Name.shell
        case .exitStatus: ChannelRequest.Name.exitStatus
        case .exitSignal: ChannelRequest.Name.exitSignal
        case .endOfWrite: ChannelRequest.Name.endOfWrite
        case .other(let name, _): name
        }
    }
}

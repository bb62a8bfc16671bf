// SPDX-License-Identifier: Apache-2.0

package import Wire

/// SSH_MSG_CHANNEL_OPEN (RFC 4254 section 5.1).
package struct ChannelOpen: SSHMessage {
    package static let number = MessageNumber.channelOpen
    /// The type of the channels that run programs and subsystems (RFC 4254 section 6.1).
    package static let session = "session"
    /// The type of those to a port that the receiver reaches (RFC 4254 section 7.2).
    package static let directTCPIP = "direct-tcpip"

    package var type: String
    package var sender: UInt32
    /// How many bytes the receiver of this message may send at first.
    package var initialWindow: UInt32
    package var maximumPacket: UInt32
    /// The fields that the channel's type adds.
    package var data: Bytes

    package init(
        type: String, sender: UInt32, initialWindow: UInt32, maximumPacket: UInt32, data: Bytes = []
    ) {
        self.type = type
        self.sender = sender
        self.initialWindow = initialWindow
        self.maximumPacket = maximumPacket
        self.data = data
    }

    package init(from reader: inout WireReader) throws(WireError) {
        type = try reader.readUTF8String(limit: SSHLimits.nameBytes)
        sender = try reader.readUInt32()
        initialWindow = try reader.readUInt32()
        maximumPacket = try reader.readUInt32()
        data = reader.readRemaining()
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(type)
        writer.write(sender)
        writer.write(initialWindow)
        writer.write(maximumPacket)
        writer.writeBytes(data)
    }
}

extension ChannelOpen {
    /// What a `direct-tcpip` channel adds: where to, and where it comes from, which is nowhere here.
    package static func tunnelData(host: String, port: UInt16) -> Bytes {
        var writer = WireWriter(capacity: 64)
        writer.writeString(host)
        writer.write(UInt32(port))
        // What ssh says of connections that come from no socket.
        writer.writeString("127.0.0.1")
        writer.write(UInt32(65_535))
        return writer.bytes[...]
    }
}

/// SSH_MSG_CHANNEL_OPEN_CONFIRMATION (RFC 4254 section 5.1).
package struct ChannelOpenConfirmation: SSHMessage {
    package static let number = MessageNumber.channelOpenConfirmation
    package var recipient: UInt32
    package var sender: UInt32
    package var initialWindow: UInt32
    package var maximumPacket: UInt32
    /// The fields that the channel's type adds.
    package var data: Bytes

    package init(
        recipient: UInt32, sender: UInt32, initialWindow: UInt32, maximumPacket: UInt32,
        data: Bytes = []
    ) {
        self.recipient = recipient
        self.sender = sender
        self.initialWindow = initialWindow
        self.maximumPacket = maximumPacket
        self.data = data
    }

    package init(from reader: inout WireReader) throws(WireError) {
        recipient = try reader.readUInt32()
        sender = try reader.readUInt32()
        initialWindow = try reader.readUInt32()
        maximumPacket = try reader.readUInt32()
        data = reader.readRemaining()
    }

    package func write(to writer: inout WireWriter) {
        writer.write(recipient)
        writer.write(sender)
        writer.write(initialWindow)
        writer.write(maximumPacket)
        writer.writeBytes(data)
    }
}

/// SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 section 5.1).
package struct ChannelOpenFailure: SSHMessage {
    package static let number = MessageNumber.channelOpenFailure
    package var recipient: UInt32
    package var reason: ChannelOpenFailureReason
    package var description: String

    package init(recipient: UInt32, reason: ChannelOpenFailureReason, description: String) {
        self.recipient = recipient
        self.reason = reason
        self.description = description
    }

    package init(from reader: inout WireReader) throws(WireError) {
        recipient = try reader.readUInt32()
        reason = ChannelOpenFailureReason(rawValue: try reader.readUInt32())
        description = try reader.readText()
        if !reader.isAtEnd { _ = try reader.readString() }
    }

    package func write(to writer: inout WireWriter) {
        writer.write(recipient)
        writer.write(reason.rawValue)
        writer.writeString(description)
        writer.writeString("")
    }
}

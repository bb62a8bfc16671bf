// SPDX-License-Identifier: Apache-2.0

package import Wire

/// SSH_MSG_CHANNEL_WINDOW_ADJUST (RFC 4254 section 5.2).
package struct ChannelWindowAdjust: SSHMessage {
    package static let number = MessageNumber.channelWindowAdjust
    package var recipient: UInt32
    package var bytesToAdd: UInt32

    package init(recipient: UInt32, bytesToAdd: UInt32) {
        self.recipient = recipient
        self.bytesToAdd = bytesToAdd
    }

    package init(from reader: inout WireReader) throws(WireError) {
        recipient = try reader.readUInt32()
        bytesToAdd = try reader.readUInt32()
    }

    package func write(to writer: inout WireWriter) {
        writer.write(recipient)
        writer.write(bytesToAdd)
    }
}

/// SSH_MSG_CHANNEL_DATA (RFC 4254 section 5.2).
package struct ChannelData: SSHMessage {
    package static let number = MessageNumber.channelData
    package var recipient: UInt32
    package var data: Bytes

    package init(recipient: UInt32, data: Bytes) {
        self.recipient = recipient
        self.data = data
    }

    package init(from reader: inout WireReader) throws(WireError) {
        recipient = try reader.readUInt32()
        data = try reader.readString()
    }

    package func write(to writer: inout WireWriter) {
        writer.write(recipient)
        writer.writeString(data)
    }
}

/// SSH_MSG_CHANNEL_EXTENDED_DATA (RFC 4254 section 5.2).
package struct ChannelExtendedData: SSHMessage {
    package static let number = MessageNumber.channelExtendedData
    package var recipient: UInt32
    /// 1 is standard error, the only type that RFC 4254 defines.
    package var dataType: UInt32
    package var data: Bytes

    package init(recipient: UInt32, dataType: UInt32, data: Bytes) {
        self.recipient = recipient
        self.dataType = dataType
        self.data = data
    }

    package init(from reader: inout WireReader) throws(WireError) {
        recipient = try reader.readUInt32()
        dataType = try reader.readUInt32()
        data = try reader.readString()
    }

    package func write(to writer: inout WireWriter) {
        writer.write(recipient)
        writer.write(dataType)
        writer.writeString(data)
    }
}

/// A channel message that has no field but the channel it is for.
package protocol ChannelSignal: SSHMessage {
    var recipient: UInt32 { get }
    init(recipient: UInt32)
}

extension ChannelSignal {
    package init(from reader: inout WireReader) throws(WireError) {
        self.init(recipient: try reader.readUInt32())
    }

    package func write(to writer: inout WireWriter) { writer.write(recipient) }
}

/// SSH_MSG_CHANNEL_EOF (RFC 4254 section 5.3).
package struct ChannelEOF: ChannelSignal {
    package static let number = MessageNumber.channelEOF
    package var recipient: UInt32
    package init(recipient: UInt32) { self.recipient = recipient }
}

/// SSH_MSG_CHANNEL_CLOSE (RFC 4254 section 5.3).
package struct ChannelClose: ChannelSignal {
    package static let number = MessageNumber.channelClose
    package var recipient: UInt32
    package init(recipient: UInt32) { self.recipient = recipient }
}

/// SSH_MSG_CHANNEL_SUCCESS (RFC 4254 section 5.4).
package struct ChannelSuccess: ChannelSignal {
    package static let number = MessageNumber.channelSuccess
    package var recipient: UInt32
    package init(recipient: UInt32) { self.recipient = recipient }
}

/// SSH_MSG_CHANNEL_FAILURE (RFC 4254 section 5.4).
package struct ChannelFailure: ChannelSignal {
    package static let number = MessageNumber.channelFailure
    package var recipient: UInt32
    package init(recipient: UInt32) { self.recipient = recipient }
}

// SPDX-License-Identifier: Apache-2.0

package import Wire

/// SSH_MSG_DISCONNECT (RFC 4253 section 11.1).
package struct Disconnect: SSHMessage {
    package static let number = MessageNumber.disconnect
    package var reason: DisconnectReason
    package var description: String

    package init(reason: DisconnectReason, description: String) {
        self.reason = reason
        self.description = description
    }

    package init(from reader: inout WireReader) throws(WireError) {
        reason = DisconnectReason(rawValue: try reader.readUInt32())
        // Old servers leave the language tag out, and some the text as well.
        description = reader.isAtEnd ? "" : try reader.readText()
        if !reader.isAtEnd { _ = try reader.readString() }
    }

    package func write(to writer: inout WireWriter) {
        writer.write(reason.rawValue)
        writer.writeString(description)
        writer.writeString("")
    }
}

/// SSH_MSG_IGNORE (RFC 4253 section 11.2).
package struct Ignore: SSHMessage {
    package static let number = MessageNumber.ignore
    package var data: Bytes

    package init(data: Bytes) { self.data = data }

    package init(from reader: inout WireReader) throws(WireError) {
        data = try reader.readString()
    }

    package func write(to writer: inout WireWriter) { writer.writeString(data) }
}

/// SSH_MSG_UNIMPLEMENTED (RFC 4253 section 11.4): names the packet that was not understood.
package struct Unimplemented: SSHMessage {
    package static let number = MessageNumber.unimplemented
    package var sequenceNumber: UInt32

    package init(sequenceNumber: UInt32) { self.sequenceNumber = sequenceNumber }

    package init(from reader: inout WireReader) throws(WireError) {
        sequenceNumber = try reader.readUInt32()
    }

    package func write(to writer: inout WireWriter) { writer.write(sequenceNumber) }
}

/// SSH_MSG_SERVICE_REQUEST (RFC 4253 section 10).
package struct ServiceRequest: SSHMessage {
    package static let number = MessageNumber.serviceRequest
    package var service: String

    package init(service: String) { self.service = service }

    package init(from reader: inout WireReader) throws(WireError) {
        service = try reader.readUTF8String(limit: SSHLimits.nameBytes)
    }

    package func write(to writer: inout WireWriter) { writer.writeString(service) }
}

/// SSH_MSG_SERVICE_ACCEPT (RFC 4253 section 10).
package struct ServiceAccept: SSHMessage {
    package static let number = MessageNumber.serviceAccept
    package var service: String

    package init(service: String) { self.service = service }

    package init(from reader: inout WireReader) throws(WireError) {
        service = try reader.readUTF8String(limit: SSHLimits.nameBytes)
    }

    package func write(to writer: inout WireWriter) { writer.writeString(service) }
}

/// SSH_MSG_EXT_INFO (RFC 8308 section 2.3): named extensions, each with a value.
package struct ExtInfo: SSHMessage {
    package static let number = MessageNumber.extInfo
    package var extensions: [Extension]

    /// One extension: the format of the value depends on the name.
    package struct Extension: Equatable, Sendable {
        package var name: String
        package var value: Bytes

        package init(name: String, value: Bytes) {
            self.name = name
            self.value = value
        }
    }

    package init(extensions: [Extension]) { self.extensions = extensions }

    package init(from reader: inout WireReader) throws(WireError) {
        let count = try reader.readCount(limit: SSHLimits.extInfoExtensions, minimumElementBytes: 8)
        extensions = []
        for _ in 0..<count {
            extensions.append(
                Extension(
                    name: try reader.readUTF8String(limit: SSHLimits.nameBytes),
                    value: try reader.readString()))
        }
    }

    package func write(to writer: inout WireWriter) {
        writer.write(UInt32(extensions.count))
        for item in extensions {
            writer.writeString(item.name)
            writer.writeString(item.value)
        }
    }
}

/// PING of `ping@openssh.com`: asks for the same data back.
package struct Ping: SSHMessage {
    package static let number = MessageNumber.ping
    package var data: Bytes

    package init(data: Bytes) { self.data = data }

    package init(from reader: inout WireReader) throws(WireError) {
        data = try reader.readString()
    }

    package func write(to writer: inout WireWriter) { writer.writeString(data) }
}

/// PONG of `ping@openssh.com`.
package struct Pong: SSHMessage {
    package static let number = MessageNumber.pong
    package var data: Bytes

    package init(data: Bytes) { self.data = data }

    package init(from reader: inout WireReader) throws(WireError) {
        data = try reader.readString()
    }

    package func write(to writer: inout WireWriter) { writer.writeString(data) }
}

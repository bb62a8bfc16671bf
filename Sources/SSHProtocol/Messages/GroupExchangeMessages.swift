// SPDX-License-Identifier: Apache-2.0

package import Wire

/// SSH_MSG_KEX_DH_GEX_REQUEST (RFC 4419 section 3): how large a group the client wants, in bits.
package struct KexGroupRequest: SSHMessage {
    package static let number = MessageNumber.kexGroupRequest
    package var minimum: UInt32
    package var preferred: UInt32
    package var maximum: UInt32

    package init(minimum: UInt32, preferred: UInt32, maximum: UInt32) {
        self.minimum = minimum
        self.preferred = preferred
        self.maximum = maximum
    }

    package init(from reader: inout WireReader) throws(WireError) {
        minimum = try reader.readUInt32()
        preferred = try reader.readUInt32()
        maximum = try reader.readUInt32()
    }

    package func write(to writer: inout WireWriter) {
        writer.write(minimum)
        writer.write(preferred)
        writer.write(maximum)
    }
}

/// SSH_MSG_KEX_DH_GEX_GROUP (RFC 4419 section 3): the group, by its prime and generator.
///
/// Its number is that of KEX_ECDH_REPLY.
package struct KexGroup: SSHMessage {
    package static let number = MessageNumber.kexECDHReply
    package var prime: Bytes
    package var generator: Bytes

    package init(prime: Bytes, generator: Bytes) {
        self.prime = prime
        self.generator = generator
    }

    package init(from reader: inout WireReader) throws(WireError) {
        prime = try reader.readMPInt()
        generator = try reader.readMPInt()
    }

    package func write(to writer: inout WireWriter) {
        writer.writeMPInt(prime)
        writer.writeMPInt(generator)
    }
}

/// SSH_MSG_KEX_DH_GEX_INIT (RFC 4419 section 3): the client's public value.
package struct KexGroupInit: SSHMessage {
    package static let number = MessageNumber.kexGroupInit
    package var clientPublicKey: Bytes

    package init(clientPublicKey: Bytes) { self.clientPublicKey = clientPublicKey }

    package init(from reader: inout WireReader) throws(WireError) {
        clientPublicKey = try reader.readString()
    }

    package func write(to writer: inout WireWriter) { writer.writeString(clientPublicKey) }
}

/// SSH_MSG_KEX_DH_GEX_REPLY (RFC 4419 section 3): host key, public value, signature.
package struct KexGroupReply: SSHMessage {
    package static let number = MessageNumber.kexGroupReply
    package var reply: KexECDHReply

    package init(_ reply: KexECDHReply) { self.reply = reply }

    package init(from reader: inout WireReader) throws(WireError) {
        reply = try KexECDHReply(from: &reader)
    }

    package func write(to writer: inout WireWriter) { reply.write(to: &writer) }
}

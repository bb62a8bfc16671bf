// SPDX-License-Identifier: Apache-2.0

package import Wire

/// SSH_MSG_KEXINIT (RFC 4253 section 7.1): what one side can do, in order of preference.
package struct KexInit: SSHMessage {
    package static let number = MessageNumber.kexInit
    /// How many random bytes the message begins with.
    package static let cookieCount = 16

    package var cookie: Bytes
    package var keyExchange: [String]
    package var serverHostKey: [String]
    package var encryption: Directions
    package var mac: Directions
    package var compression: Directions
    package var languages: Directions
    /// Whether a key exchange packet follows that was sent on a guess.
    package var firstKexPacketFollows: Bool

    /// A list for each direction.
    package struct Directions: Equatable, Sendable {
        package var clientToServer: [String]
        package var serverToClient: [String]

        package init(clientToServer: [String], serverToClient: [String]) {
            self.clientToServer = clientToServer
            self.serverToClient = serverToClient
        }

        /// The same list both ways.
        package init(both names: [String]) {
            self.init(clientToServer: names, serverToClient: names)
        }

        init(from reader: inout WireReader) throws(WireError) {
            clientToServer = try reader.readNameList()
            serverToClient = try reader.readNameList()
        }

        func write(to writer: inout WireWriter) {
            writer.writeNameList(clientToServer)
            writer.writeNameList(serverToClient)
        }
    }

    package init(
        cookie: Bytes, keyExchange: [String], serverHostKey: [String], encryption: Directions,
        mac: Directions, compression: Directions, firstKexPacketFollows: Bool = false
    ) {
        precondition(cookie.count == Self.cookieCount, "a KEXINIT cookie has 16 bytes")
        self.cookie = cookie
        self.keyExchange = keyExchange
        self.serverHostKey = serverHostKey
        self.encryption = encryption
        self.mac = mac
        self.compression = compression
        self.languages = Directions(both: [])
        self.firstKexPacketFollows = firstKexPacketFollows
    }

    package init(from reader: inout WireReader) throws(WireError) {
        cookie = try reader.readBytes(Self.cookieCount)
        keyExchange = try reader.readNameList()
        serverHostKey = try reader.readNameList()
        encryption = try Directions(from: &reader)
        mac = try Directions(from: &reader)
        compression = try Directions(from: &reader)
        languages = try Directions(from: &reader)
        firstKexPacketFollows = try reader.readBool()
        // A reserved number, to be ignored.
        _ = try reader.readUInt32()
    }

    package func write(to writer: inout WireWriter) {
        writer.writeBytes(cookie)
        writer.writeNameList(keyExchange)
        writer.writeNameList(serverHostKey)
        encryption.write(to: &writer)
        mac.write(to: &writer)
        compression.write(to: &writer)
        languages.write(to: &writer)
        writer.write(firstKexPacketFollows)
        writer.write(UInt32(0))
    }
}

/// SSH_MSG_NEWKEYS (RFC 4253 section 7.3): the sender's next packet uses the new keys.
package struct NewKeys: EmptySSHMessage {
    package static let number = MessageNumber.newKeys
    package init() {}
}

/// SSH_MSG_KEX_ECDH_INIT (RFC 5656 section 4, RFC 8731): the client's ephemeral public key.
package struct KexECDHInit: SSHMessage {
    package static let number = MessageNumber.kexECDHInit
    package var clientPublicKey: Bytes

    package init(clientPublicKey: Bytes) { self.clientPublicKey = clientPublicKey }

    package init(from reader: inout WireReader) throws(WireError) {
        clientPublicKey = try reader.readString()
    }

    package func write(to writer: inout WireWriter) { writer.writeString(clientPublicKey) }
}

/// SSH_MSG_KEX_ECDH_REPLY (RFC 5656 section 4): host key, ephemeral public key, signature.
package struct KexECDHReply: SSHMessage {
    package static let number = MessageNumber.kexECDHReply
    package var hostKey: Bytes
    package var serverPublicKey: Bytes
    package var signature: Bytes

    package init(hostKey: Bytes, serverPublicKey: Bytes, signature: Bytes) {
        self.hostKey = hostKey
        self.serverPublicKey = serverPublicKey
        self.signature = signature
    }

    package init(from reader: inout WireReader) throws(WireError) {
        hostKey = try reader.readString()
        serverPublicKey = try reader.readString()
        signature = try reader.readString()
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(hostKey)
        writer.writeString(serverPublicKey)
        writer.writeString(signature)
    }
}

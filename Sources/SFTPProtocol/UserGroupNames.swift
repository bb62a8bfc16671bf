// SPDX-License-Identifier: Apache-2.0

public import Wire

/// The reply to users-groups-by-id@openssh.com: names in the order of the numbers that were asked.
public struct UserGroupNames: Hashable, Sendable {
    /// The users' names; empty where unknown.
    public var users: [Bytes]
    /// The groups' names; empty where unknown.
    public var groups: [Bytes]

    /// Names.
    public init(users: [Bytes], groups: [Bytes]) {
        self.users = users
        self.groups = groups
    }

    /// Decodes the body of an EXTENDED_REPLY; what follows its last field is passed over.
    public init(decoding body: Bytes) throws(WireError) {
        var reader = WireReader(body)
        users = try Self.readNames(&reader)
        groups = try Self.readNames(&reader)
    }

    private static func readNames(_ reader: inout WireReader) throws(WireError) -> [Bytes] {
        var packed = WireReader(try reader.readString())
        var names: [Bytes] = []
        while !packed.isAtEnd { names.append(try packed.readString()) }
        return names
    }

    /// The length of the body of the reply, in bytes; it must fit into a packet.
    public var byteCount: Int {
        [users, groups].reduce(0) { $0 + $1.reduce(4) { $0 + 4 + $1.count } }
    }

    /// The reply.
    public var reply: SFTPReply {
        var writer = WireWriter()
        for names in [users, groups] {
            var packed = WireWriter()
            for name in names { packed.writeString(name) }
            writer.writeString(packed.bytes)
        }
        return .extended(writer.bytes[...])
    }
}

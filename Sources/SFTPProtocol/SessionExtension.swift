// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Our own extension: a client that has lost a connection asks, with the next one, that nothing of the
/// old one is carried out any more (Docs/PROTOCOL.md).
public enum SessionExtension {
    /// The extension as INIT and VERSION name it.
    public static let name = "session@hawser"
    /// The length of a session's name, in bytes.
    public static let nameBytes = 16
    /// The most older sessions that are named in one INIT.
    public static let olderSessions = 16
}

/// A session that has been, as its server named the place.
public struct SessionAddress: Hashable, Sendable {
    /// What the server that had the session said of where it ran.
    public var place: Bytes
    /// The name that the client gave it.
    public var name: Bytes

    /// A place and a name.
    public init(place: Bytes, name: Bytes) {
        self.place = place
        self.name = name
    }
}

/// What a client tells of its sessions in INIT.
public struct SessionRequest: Hashable, Sendable {
    /// The new session's name: ``SessionExtension/nameBytes`` random bytes.
    public var name: Bytes
    /// The client's sessions that are to have ended before VERSION is sent.
    public var older: [SessionAddress]

    /// A session that follows others.
    public init(name: Bytes, older: [SessionAddress] = []) {
        self.name = name
        self.older = older
    }

    /// Reads what a client asks for; nil where it can't be followed.
    public init?(_ extensions: [SFTPVersion.ExtensionPair]) {
        guard let pair = extensions.first(where: { $0.name == SessionExtension.name }) else {
            return nil
        }
        var reader = WireReader(pair.data)
        guard let name = try? reader.readString(), name.count == SessionExtension.nameBytes else {
            return nil
        }
        self.init(name: name)
        while !reader.isAtEnd {
            guard older.count < SessionExtension.olderSessions,
                let place = try? reader.readString(), let name = try? reader.readString(),
                name.count == SessionExtension.nameBytes
            else { return nil }
            older.append(SessionAddress(place: place, name: name))
        }
    }

    /// As it stands in INIT.
    public var pair: SFTPVersion.ExtensionPair {
        var writer = WireWriter()
        writer.writeString(name)
        for session in older {
            writer.writeString(session.place)
            writer.writeString(session.name)
        }
        return SFTPVersion.ExtensionPair(name: SessionExtension.name, data: writer.bytes[...])
    }
}

/// What a server answers to that in VERSION.
public struct SessionAnswer: Hashable, Sendable {
    /// Where the session runs: the client names it with the session's name later.
    public var place: Bytes
    /// Whether it is certain that all the older sessions have ended.
    public var olderHaveEnded: Bool

    /// An answer.
    public init(place: Bytes, olderHaveEnded: Bool) {
        self.place = place
        self.olderHaveEnded = olderHaveEnded
    }

    /// Reads what a server announces; nil where it does not have the extension.
    public init?(_ extensions: [SFTPVersion.ExtensionPair]) {
        guard let pair = extensions.first(where: { $0.name == SessionExtension.name }) else {
            return nil
        }
        var reader = WireReader(pair.data)
        guard let place = try? reader.readString(), place.count <= Self.placeBytes,
            let olderHaveEnded = try? reader.readBool()
        else { return nil }
        self.init(place: place, olderHaveEnded: olderHaveEnded)
    }

    /// The most bytes of a place that a client keeps.
    private static let placeBytes = 256

    /// As it stands in VERSION.
    public var pair: SFTPVersion.ExtensionPair {
        var writer = WireWriter()
        writer.writeString(place)
        writer.write(olderHaveEnded)
        return SFTPVersion.ExtensionPair(name: SessionExtension.name, data: writer.bytes[...])
    }
}

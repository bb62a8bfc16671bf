// SPDX-License-Identifier: Apache-2.0

public import Wire

/// VERSION: the version that is spoken, and what the server can do beyond it.
public struct SFTPVersion: Hashable, Sendable {
    /// An extension, known to us or not.
    public struct ExtensionPair: Hashable, Sendable {
        /// The extension's name.
        public var name: String
        /// Its data; for OpenSSH's extensions the version in decimal.
        public var data: Bytes

        /// A name and its data.
        public init(name: String, data: Bytes) {
            self.name = name
            self.data = data
        }

        /// One of ours, as it is announced.
        public init(_ known: SFTPExtension) {
            self.init(name: known.rawValue, data: Array(known.version.utf8)[...])
        }
    }

    /// The version of the protocol; ours is 3.
    public var version: UInt32
    /// What the server announces, in its order.
    public var extensions: [ExtensionPair]

    /// A version and extensions.
    public init(version: UInt32 = 3, extensions: [ExtensionPair]) {
        self.version = version
        self.extensions = extensions
    }

    /// Whether the server announced this extension in the version that we speak.
    public func supports(_ wanted: SFTPExtension) -> Bool {
        extensions.contains(ExtensionPair(wanted))
    }
}

extension SFTPVersion {
    init(decoding frame: SFTPFrame) throws(WireError) {
        var reader = frame.body
        self.init(version: frame.id, extensions: [])
        while !reader.isAtEnd {
            extensions.append(try ExtensionPair(from: &reader))
        }
    }

    func encode() -> Bytes {
        encodePacket(SFTPPacketType.version.rawValue, id: version) { writer in
            for pair in extensions { pair.write(to: &writer) }
        }
    }
}

extension SFTPVersion.ExtensionPair {
    init(from reader: inout WireReader) throws(WireError) {
        let name = String(decoding: try reader.readString(), as: UTF8.self)
        self.init(name: name, data: try reader.readString())
    }

    func write(to writer: inout WireWriter) {
        writer.writeString(name)
        writer.writeString(data)
    }
}

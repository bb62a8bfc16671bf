// SPDX-License-Identifier: Apache-2.0

public import Wire

/// One entry of a NAME reply.
public struct NameEntry: Hashable, Sendable {
    /// The name, or, in the replies to REALPATH and READLINK, a path.
    ///
    /// A client checks it with ``isSafeComponent(_:)`` before it uses it as a name.
    public var filename: Bytes
    /// A line as `ls -l` prints it, for people only.
    public var longname: Bytes
    /// The file's own attributes, links not followed; empty for REALPATH and READLINK.
    public var attributes: FileAttributes

    /// An entry.
    public init(filename: Bytes, longname: Bytes, attributes: FileAttributes) {
        self.filename = filename
        self.longname = longname
        self.attributes = attributes
    }

    /// The only entry of a reply to REALPATH, READLINK and their like.
    public init(path: Bytes) {
        self.init(filename: path, longname: path, attributes: FileAttributes())
    }
}

extension NameEntry {
    /// The shortest entry: two empty strings and flags.
    static let minimumBytes = 12

    init(from reader: inout WireReader) throws(WireError) {
        let filename = try reader.readString()
        let longname = try reader.readString()
        self.init(
            filename: filename, longname: longname, attributes: try FileAttributes(from: &reader))
    }

    /// Writes the entry as it stands in a NAME reply.
    public func write(to writer: inout WireWriter) {
        writer.writeString(filename)
        writer.writeString(longname)
        attributes.write(to: &writer)
    }
}

/// Whether a name from a peer names an entry of the directory it is said to be in, and nothing else.
///
/// It must not be empty, `.` or `..`, and hold no slash and no NUL.
public func isSafeComponent(_ name: Bytes) -> Bool {
    let dot = UInt8(ascii: ".")
    return !name.isEmpty && !name.elementsEqual([dot]) && !name.elementsEqual([dot, dot])
        && !name.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
}

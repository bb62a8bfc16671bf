// SPDX-License-Identifier: Apache-2.0

package import Wire

/// One kind of SSH message: a value with a symmetric encoder and decoder.
///
/// Decoders are total and exact: data that ends early, or goes on after the last field, is an
/// error. No decoder takes memory on the word of a count or a length.
package protocol SSHMessage: Equatable, Sendable {
    /// The message number that the payload begins with.
    static var number: MessageNumber { get }
    /// Reads the fields that follow the message number.
    init(from reader: inout WireReader) throws(WireError)
    /// Writes the fields that follow the message number.
    func write(to writer: inout WireWriter)
}

extension SSHMessage {
    /// Decodes a whole payload, message number included.
    package init(payload: Bytes) throws(WireError) {
        var reader = WireReader(payload)
        guard try reader.readUInt8() == Self.number.rawValue else {
            throw .malformed("not a message of type \(Self.number)")
        }
        try self.init(from: &reader)
        try reader.requireEnd()
    }

    /// The encoded payload, message number included.
    package var payload: [UInt8] {
        var writer = WireWriter(capacity: 64)
        writer.write(Self.number.rawValue)
        write(to: &writer)
        return writer.bytes
    }
}

/// A message that consists of its number alone.
package protocol EmptySSHMessage: SSHMessage {
    init()
}

extension EmptySSHMessage {
    package init(from reader: inout WireReader) throws(WireError) { self.init() }
    package func write(to writer: inout WireWriter) {}
}

// SPDX-License-Identifier: Apache-2.0

internal import CZlib
public import Wire

/// Compresses the payloads of one direction of a connection (RFC 4253 section 6.2).
///
/// One stream runs through all packets, so that each is compressed by what went before. A new key
/// exchange starts a new stream.
public struct Deflater: ~Copyable, Sendable {
    private let stream: ZlibStream

    /// zlib's default level, as OpenSSH's.
    public static let usualLevel: Int32 = 6
    /// The level at which data are only wrapped, in stored blocks.
    public static let storingLevel: Int32 = 0
    /// The least room that zlib is given at a time, in bytes: with less than seven it would repeat
    /// its flush marks.
    private static let smallestRoom = 256

    private var level: Int32

    /// Starts a stream.
    ///
    /// - Parameter level: how hard to compress, from 0 for not at all to 9.
    public init(level: Int32 = Self.usualLevel) {
        self.level = level
        stream = ZlibStream(.deflate(level: level))
    }

    /// Changes how hard payloads are compressed from the next one on; the stream stays one.
    ///
    /// - Parameters:
    ///   - level: from 0 for not at all to 9; nothing happens where it is the same as before.
    ///   - output: what comes before that payload's compressed form: perhaps a few bytes.
    public mutating func setLevel(_ level: Int32, into output: inout [UInt8]) {
        guard level != self.level else { return }
        output.append(addingCapacity: Self.smallestRoom) { output in
            if stream.setLevel(level, into: &output) { self.level = level }
        }
    }

    /// Appends the compressed form of one payload to `output`, up to its last byte.
    ///
    /// - Parameters:
    ///   - payload: the message, in as many pieces as it happens to lie in.
    ///   - output: what it holds already stays in front.
    public mutating func compress(_ payload: [Bytes], into output: inout [UInt8]) {
        for piece in payload.dropLast() { run(piece, flush: Z_NO_FLUSH, into: &output) }
        run(payload.last ?? [], flush: Z_PARTIAL_FLUSH, into: &output)
    }

    private func run(_ piece: Bytes, flush: Int32, into output: inout [UInt8]) {
        var rest = piece
        var isFull = true
        // When zlib fills the room, it may have more to say.
        while isFull {
            let room = max(rest.count, Self.smallestRoom)
            output.append(addingCapacity: room) { output in
                let (result, consumed) = stream.run(rest.span, into: &output, flush: flush)
                precondition(result == Z_OK || result == Z_BUF_ERROR, "zlib refused to compress")
                rest = rest.dropFirst(consumed)
                isFull = output.freeCapacity == 0
            }
        }
        precondition(rest.isEmpty, "zlib left data uncompressed")
    }
}

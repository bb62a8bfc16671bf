// SPDX-License-Identifier: Apache-2.0

internal import CZlib
public import Wire

/// Decompresses the payloads of one direction of a connection (RFC 4253 section 6.2).
///
/// One stream runs through all packets; a new key exchange starts a new stream. After a throw the
/// connection is to be dropped.
public struct Inflater: ~Copyable, Sendable {
    private let stream: ZlibStream

    /// The least room that zlib is given at a time, in bytes.
    private static let smallestRoom = 4096
    /// How much larger than its compressed form a payload is guessed to be.
    private static let guessedRatio = 4

    /// Starts a stream.
    public init() {
        stream = ZlibStream(.inflate)
    }

    /// The payload that `compressed` holds, in a buffer of its own.
    ///
    /// - Parameters:
    ///   - compressed: what the peer's stream has for one packet.
    ///   - limit: the largest payload that is accepted, in bytes. A packet may be compressed a
    ///     thousandfold, so that its own length says nothing.
    /// - Throws: a `CompressionError`.
    public mutating func decompress(
        _ compressed: Bytes, limit: Int
    ) throws(CompressionError) -> Bytes {
        var payload: [UInt8] = []
        var rest = compressed
        var isFull = true
        // When zlib fills the room, it may have more to say.
        while isFull {
            // One byte more than allowed, so that it shows when there is more.
            let room = min(
                max(rest.count * Self.guessedRatio, Self.smallestRoom), limit + 1 - payload.count)
            var result = Z_OK
            payload.append(addingCapacity: room) { output in
                let (code, consumed) = stream.run(rest.span, into: &output, flush: Z_SYNC_FLUSH)
                result = code
                rest = rest.dropFirst(consumed)
                isFull = output.freeCapacity == 0
            }
            precondition(result != Z_MEM_ERROR, "no memory to decompress")
            // Z_BUF_ERROR only says that there was nothing to do. The end of the stream is an error:
            // the peer has no reason to end it before the connection.
            guard result == Z_OK || result == Z_BUF_ERROR else { throw .corrupt }
            guard payload.count <= limit else { throw .limitExceeded(limit: limit) }
        }
        guard rest.isEmpty else { throw .corrupt }
        return Self.exact(payload)
    }

    /// Whoever keeps a payload keeps its buffer, so that it must not be much larger: a peer could
    /// make each byte of a small one cost kilobytes.
    private static func exact(_ payload: [UInt8]) -> Bytes {
        guard payload.capacity > 2 * payload.count + 128 else { return payload[...] }
        var copy: [UInt8] = []
        copy.reserveCapacity(payload.count)
        copy.append(contentsOf: payload)
        return copy[...]
    }
}

/// Why a payload could not be decompressed.
public enum CompressionError: Error, Equatable, Sendable {
    /// The bytes are not in zlib's format, or the stream was ended.
    case corrupt
    /// The payload is larger than allowed.
    case limitExceeded(limit: Int)
}

extension CompressionError: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .corrupt: "corrupt compressed data"
        case .limitExceeded(let limit): "compressed data of more than \(limit) bytes"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Makes the packets of one direction of a connection (RFC 4253 section 6) under one set of keys.
///
/// Its owner draws the padding and counts the sequence numbers.
public struct PacketSealer: ~Copyable, Sendable {
    private let cipher: PacketCipher
    private let layout: PacketLayout
    private var packetCount: UInt64 = 0

    /// Makes unencrypted packets, for the time before the first key exchange is done.
    public init() {
        cipher = .plain
        layout = .plain
    }

    /// Makes packets under new keys.
    ///
    /// - Precondition: `mac` is given exactly where `cipher` is no AEAD, and the keys have the
    ///   lengths that both name.
    public init(cipher: CipherAlgorithm, mac: MACAlgorithm?, keys: consuming PacketKeys) {
        self.cipher = PacketCipher(cipher, mac: mac, keys: keys, encrypts: true)
        layout = PacketLayout(cipher: cipher, mac: mac)
    }

    /// The least padding for a payload of this length, in bytes.
    ///
    /// More is allowed, to hide a payload's length: any number of ``paddingAlignment`` on top, up
    /// to 255 bytes in all.
    public func paddingLength(payloadCount: Int) -> Int {
        layout.paddingCount(payloadCount: payloadCount)
    }

    /// What extra padding must be a multiple of, in bytes.
    public var paddingAlignment: Int { layout.alignment }

    /// How many bytes on the wire a packet takes with the least padding.
    public func wireCount(payloadCount: Int) -> Int {
        PacketLayout.lengthFieldCount + 1 + payloadCount + paddingLength(payloadCount: payloadCount)
            + layout.tagCount
    }

    /// Appends one whole packet to `output`.
    ///
    /// Each byte is encrypted straight from its piece.
    ///
    /// - Parameters:
    ///   - payload: the message, in as many pieces as it happens to lie in.
    ///   - padding: random bytes, of the least length or a longer allowed one.
    ///   - sequenceNumber: the packet's number in this direction (RFC 4253 section 6.4).
    ///   - output: where the packet is appended.
    /// - Precondition: the padding has an allowed length, and the packet is at most
    ///   `PacketLimits.largestPacketLength` long.
    public mutating func seal(
        _ payload: [Bytes], padding: Bytes, sequenceNumber: UInt32, into output: inout [UInt8]
    ) {
        let payloadCount = payload.reduce(0) { $0 + $1.count }
        let packet = OutgoingPacket(
            payload: payload, padding: padding,
            packetLength: layout.packetLength(
                payloadCount: payloadCount, paddingCount: padding.count))
        let position = PacketPosition(sequenceNumber: sequenceNumber, index: packetCount)
        packetCount += 1
        let wireCount = PacketLayout.lengthFieldCount + packet.packetLength + layout.tagCount
        output.append(addingCapacity: wireCount) { output in
            cipher.seal(packet, at: position, into: &output)
            precondition(output.count == wireCount)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Wire

/// A packet that is to be sealed: everything between the length field and the tag, in pieces.
struct OutgoingPacket {
    let payload: [Bytes]
    let padding: Bytes
    /// The value of the length field.
    let packetLength: Int

    /// The length field, as it stands on the wire before encryption.
    var lengthField: InlineArray<4, UInt8> { bigEndian(UInt32(packetLength)) }

    /// The `padding_length` field.
    var paddingField: InlineArray<1, UInt8> { [UInt8(padding.count)] }
}

/// A packet that arrived and whose length is known.
struct IncomingPacket {
    /// The value of the length field.
    let packetLength: UInt32
    /// The length of the packet on the wire, in bytes, length field and tag included.
    let wireCount: Int
    /// The decrypted first block, where the length field is a part of it; else unused.
    let firstBlock: InlineArray<16, UInt8>
}

/// Where a packet stands in its direction of the connection.
struct PacketPosition {
    /// The SSH sequence number, which strict key exchange resets and which wraps.
    let sequenceNumber: UInt32
    /// How many packets went before it under the same key.
    let index: UInt64
}

/// One direction's cipher and MAC with their keys.
///
/// Each case knows one packet layout.
enum PacketCipher: ~Copyable, Sendable {
    /// No encryption and no tag: before the first key exchange.
    case plain
    case gcm(GCMPacketCipher)
    case chaChaPoly(ChaChaPolyPacketCipher)
    case counter(CounterPacketCipher)

    /// - Precondition: a MAC is given exactly where the cipher is no AEAD, and the keys have the
    ///   lengths that both name.
    init(
        _ algorithm: CipherAlgorithm, mac: MACAlgorithm?, keys: consuming PacketKeys, encrypts: Bool
    ) {
        precondition(algorithm.isAEAD == (mac == nil), "a MAC goes with ciphers without one")
        precondition(keys.initializationVector.count == algorithm.ivLength)
        precondition(keys.encryption.count == algorithm.keyLength)
        precondition(keys.mac.count == mac?.keyLength ?? 0)
        switch algorithm {
        case .aes128GCM, .aes256GCM:
            self = .gcm(GCMPacketCipher(algorithm, keys: keys, encrypts: encrypts))
        case .chacha20Poly1305:
            self = .chaChaPoly(ChaChaPolyPacketCipher(keys: keys))
        case .aes128CTR, .aes192CTR, .aes256CTR:
            guard let mac else { preconditionFailure("AES-CTR without a MAC") }
            self = .counter(
                CounterPacketCipher(algorithm, mac: mac, keys: keys, encrypts: encrypts))
        }
    }

    func seal(
        _ packet: OutgoingPacket, at position: PacketPosition,
        into output: inout OutputSpan<UInt8>
    ) {
        switch self {
        case .plain:
            output.append(copying: packet.lengthField.span)
            output.append(copying: packet.paddingField.span)
            for piece in packet.payload { output.append(copying: piece.span) }
            output.append(copying: packet.padding.span)
        case .gcm(let cipher): cipher.seal(packet, at: position, into: &output)
        case .chaChaPoly(let cipher): cipher.seal(packet, at: position, into: &output)
        case .counter(let cipher): cipher.seal(packet, at: position, into: &output)
        }
    }

    /// Reads the length field of a packet whose first bytes are `header`.
    ///
    /// - Returns: the length field, and the first block where it had to be decrypted for that.
    func lengthField(
        header: Span<UInt8>, at position: PacketPosition
    ) -> (packetLength: UInt32, firstBlock: InlineArray<16, UInt8>) {
        switch self {
        case .plain: (bigEndianUInt32(header), .init(repeating: 0))
        case .gcm: (bigEndianUInt32(header), .init(repeating: 0))
        case .chaChaPoly(let cipher):
            (cipher.lengthField(header: header, at: position), .init(repeating: 0))
        case .counter(let cipher): cipher.lengthField(header: header)
        }
    }

    /// Appends what stands between the length field and the tag, once the tag is found right.
    ///
    /// - Parameter wire: the whole packet, of exactly `packet.wireCount` bytes.
    func open(
        _ packet: IncomingPacket, wire: Span<UInt8>, at position: PacketPosition,
        into output: inout OutputSpan<UInt8>
    ) throws(PacketError) {
        switch self {
        case .plain: output.append(copying: wire.extracting(PacketLayout.lengthFieldCount...))
        case .gcm(let cipher): try cipher.open(wire: wire, at: position, into: &output)
        case .chaChaPoly(let cipher): try cipher.open(wire: wire, at: position, into: &output)
        case .counter(let cipher): try cipher.open(packet, wire: wire, at: position, into: &output)
        }
    }
}

extension OutputSpan<UInt8> {
    mutating func append(copying bytes: Span<UInt8>) {
        for index in bytes.indices { append(bytes[index]) }
    }
}

func bigEndian(_ value: UInt32) -> InlineArray<4, UInt8> {
    [
        UInt8(truncatingIfNeeded: value >> 24), UInt8(truncatingIfNeeded: value >> 16),
        UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value),
    ]
}

func bigEndianUInt32(_ bytes: Span<UInt8>) -> UInt32 {
    UInt32(bytes[0]) << 24 | UInt32(bytes[1]) << 16 | UInt32(bytes[2]) << 8 | UInt32(bytes[3])
}

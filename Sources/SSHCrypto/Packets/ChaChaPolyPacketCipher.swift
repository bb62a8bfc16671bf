// SPDX-License-Identifier: Apache-2.0

/// OpenSSH's `chacha20-poly1305@openssh.com` (PROTOCOL.chacha20poly1305): one ChaCha20 key for the
/// length, another for the rest, whose first block of key stream is the packet's Poly1305 key.
///
/// The nonce is the sequence number; strict key exchange may reset it, but only with new keys.
struct ChaChaPolyPacketCipher: ~Copyable, Sendable {
    private let payloadContext: CipherContext
    private let lengthContext: CipherContext
    private let mac: MACContext

    private static let tagCount = 16
    private static let chaCha20 = FetchedAlgorithm.cipher("ChaCha20")

    init(keys: borrowing PacketKeys) {
        // Encrypting and decrypting are the same exclusive or.
        payloadContext = keys.encryption.withSpan {
            CipherContext(Self.chaCha20, key: $0.extracting(..<32), encrypts: true)
        }
        lengthContext = keys.encryption.withSpan {
            CipherContext(Self.chaCha20, key: $0.extracting(32...), encrypts: true)
        }
        mac = .poly1305()
    }

    /// libcrypto's ChaCha20 takes block counter and nonce together: a little-endian counter, here
    /// zero, of eight bytes, then the nonce, here the sequence number as eight big-endian bytes.
    private func vector(_ position: PacketPosition) -> InlineArray<16, UInt8> {
        let number = bigEndian(position.sequenceNumber)
        var vector = InlineArray<16, UInt8>(repeating: 0)
        for index in number.indices { vector[12 + index] = number[index] }
        return vector
    }

    /// Begins the payload's key stream behind the block that keys the MAC.
    private func restart(at position: PacketPosition) {
        payloadContext.restart(initializationVector: vector(position).span)
        var block = InlineArray<64, UInt8>(repeating: 0)
        var blockSpan = block.mutableSpan
        payloadContext.update(inPlace: &blockSpan)
        mac.start(key: blockSpan.span.extracting(..<32))
        wipe(&blockSpan)
    }

    func seal(
        _ packet: OutgoingPacket, at position: PacketPosition,
        into output: inout OutputSpan<UInt8>
    ) {
        restart(at: position)
        lengthContext.restart(initializationVector: vector(position).span)
        lengthContext.update(packet.lengthField.span, into: &output)
        payloadContext.update(packet.paddingField.span, into: &output)
        for piece in packet.payload { payloadContext.update(piece.span, into: &output) }
        payloadContext.update(packet.padding.span, into: &output)
        mac.update(output.span)
        mac.finish(into: &output)
    }

    func lengthField(header: Span<UInt8>, at position: PacketPosition) -> UInt32 {
        lengthContext.restart(initializationVector: vector(position).span)
        var field: InlineArray<4, UInt8> = [header[0], header[1], header[2], header[3]]
        var span = field.mutableSpan
        lengthContext.update(inPlace: &span)
        return bigEndianUInt32(span.span)
    }

    func open(
        wire: Span<UInt8>, at position: PacketPosition, into output: inout OutputSpan<UInt8>
    ) throws(PacketError) {
        restart(at: position)
        let end = wire.count - Self.tagCount
        mac.update(wire.extracting(..<end))
        guard mac.finish(matches: wire.extracting(end...)) else { throw .authenticationFailed }
        payloadContext.update(
            wire.extracting(PacketLayout.lengthFieldCount..<end), into: &output)
    }
}

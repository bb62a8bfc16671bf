// SPDX-License-Identifier: Apache-2.0

/// AES in counter mode (RFC 4344) with an HMAC: over the plain packet as RFC 4253 section 6.4 has
/// it, or over the encrypted one with its length in the clear (OpenSSH's PROTOCOL section 1.7).
///
/// The counter runs on from packet to packet.
struct CounterPacketCipher: ~Copyable, Sendable {
    private let context: CipherContext
    private let mac: MACContext
    private let macKey: SecretBytes
    private let encryptsThenMACs: Bool

    private static let aes128 = FetchedAlgorithm.cipher("AES-128-CTR")
    private static let aes192 = FetchedAlgorithm.cipher("AES-192-CTR")
    private static let aes256 = FetchedAlgorithm.cipher("AES-256-CTR")

    init(
        _ algorithm: CipherAlgorithm, mac: MACAlgorithm, keys: consuming PacketKeys, encrypts: Bool
    ) {
        let fetched =
            switch algorithm.keyLength {
            case 16: Self.aes128
            case 24: Self.aes192
            default: Self.aes256
            }
        context = keys.encryption.withSpan { key in
            keys.initializationVector.withSpan { vector in
                CipherContext(
                    fetched, key: key, initializationVector: vector, encrypts: encrypts)
            }
        }
        self.mac = mac.makeContext()
        encryptsThenMACs = mac.isEncryptThenMAC
        macKey = keys.mac
    }

    private func startMAC(at position: PacketPosition) {
        macKey.withSpan { mac.start(key: $0) }
        mac.update(bigEndian(position.sequenceNumber).span)
    }

    func seal(
        _ packet: OutgoingPacket, at position: PacketPosition,
        into output: inout OutputSpan<UInt8>
    ) {
        startMAC(at: position)
        if encryptsThenMACs {
            output.append(copying: packet.lengthField.span)
        } else {
            mac.update(packet.lengthField.span)
            mac.update(packet.paddingField.span)
            for piece in packet.payload { mac.update(piece.span) }
            mac.update(packet.padding.span)
            context.update(packet.lengthField.span, into: &output)
        }
        context.update(packet.paddingField.span, into: &output)
        for piece in packet.payload { context.update(piece.span, into: &output) }
        context.update(packet.padding.span, into: &output)
        if encryptsThenMACs { mac.update(output.span) }
        mac.finish(into: &output)
    }

    func lengthField(
        header: Span<UInt8>
    ) -> (packetLength: UInt32, firstBlock: InlineArray<16, UInt8>) {
        var block = InlineArray<16, UInt8>(repeating: 0)
        if encryptsThenMACs { return (bigEndianUInt32(header), block) }
        for index in block.indices { block[index] = header[index] }
        var span = block.mutableSpan
        context.update(inPlace: &span)
        return (bigEndianUInt32(span.span), block)
    }

    func open(
        _ packet: IncomingPacket, wire: Span<UInt8>, at position: PacketPosition,
        into output: inout OutputSpan<UInt8>
    ) throws(PacketError) {
        let start = PacketLayout.lengthFieldCount
        let end = wire.count - mac.tagCount
        let tag = wire.extracting(end...)
        startMAC(at: position)
        if encryptsThenMACs {
            mac.update(wire.extracting(..<end))
            guard mac.finish(matches: tag) else { throw .authenticationFailed }
            context.update(wire.extracting(start..<end), into: &output)
        } else {
            let block = packet.firstBlock
            output.append(copying: block.span.extracting(start...))
            context.update(wire.extracting(block.count..<end), into: &output)
            mac.update(block.span.extracting(..<start))
            mac.update(output.span)
            guard mac.finish(matches: tag) else { throw .authenticationFailed }
        }
    }
}

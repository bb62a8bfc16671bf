// SPDX-License-Identifier: Apache-2.0

/// AES-GCM as RFC 5647 lays packets out: the length in the clear but covered by the tag, and a
/// nonce of a fixed part and a counter that goes up by one per packet.
struct GCMPacketCipher: ~Copyable, Sendable {
    private let context: CipherContext
    /// The nonce of the first packet (RFC 5647 section 7.1).
    private let fixedField: UInt32
    private let firstInvocation: UInt64

    private static let tagCount = 16
    private static let aes128 = FetchedAlgorithm.cipher("AES-128-GCM")
    private static let aes256 = FetchedAlgorithm.cipher("AES-256-GCM")

    init(_ algorithm: CipherAlgorithm, keys: borrowing PacketKeys, encrypts: Bool) {
        let fetched = algorithm == .aes128GCM ? Self.aes128 : Self.aes256
        context = keys.encryption.withSpan {
            CipherContext(fetched, key: $0, encrypts: encrypts)
        }
        (fixedField, firstInvocation) = keys.initializationVector.withSpan { vector in
            let high = bigEndianUInt32(vector.extracting(4..<8))
            let low = bigEndianUInt32(vector.extracting(8..<12))
            return (bigEndianUInt32(vector), UInt64(high) << 32 | UInt64(low))
        }
    }

    /// Begins the message at `position`.
    ///
    /// The counter wraps within its eight bytes, as RFC 5647 says.
    private func restart(at position: PacketPosition) {
        let invocation = firstInvocation &+ position.index
        let fixed = bigEndian(fixedField)
        let high = bigEndian(UInt32(truncatingIfNeeded: invocation >> 32))
        let low = bigEndian(UInt32(truncatingIfNeeded: invocation))
        let nonce: InlineArray<12, UInt8> = [
            fixed[0], fixed[1], fixed[2], fixed[3], high[0], high[1], high[2], high[3],
            low[0], low[1], low[2], low[3],
        ]
        context.restart(initializationVector: nonce.span)
    }

    func seal(
        _ packet: OutgoingPacket, at position: PacketPosition,
        into output: inout OutputSpan<UInt8>
    ) {
        restart(at: position)
        let lengthField = packet.lengthField
        context.authenticate(lengthField.span)
        output.append(copying: lengthField.span)
        context.update(packet.paddingField.span, into: &output)
        for piece in packet.payload { context.update(piece.span, into: &output) }
        context.update(packet.padding.span, into: &output)
        context.finish(tagCount: Self.tagCount, into: &output)
    }

    func open(
        wire: Span<UInt8>, at position: PacketPosition, into output: inout OutputSpan<UInt8>
    ) throws(PacketError) {
        restart(at: position)
        let start = PacketLayout.lengthFieldCount
        let end = wire.count - Self.tagCount
        context.authenticate(wire.extracting(..<start))
        context.update(wire.extracting(start..<end), into: &output)
        guard context.finish(matches: wire.extracting(end...)) else {
            throw .authenticationFailed
        }
    }
}

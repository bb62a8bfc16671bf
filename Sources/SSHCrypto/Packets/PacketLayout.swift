// SPDX-License-Identifier: Apache-2.0

/// The limits of the binary packet protocol.
public enum PacketLimits {
    /// The largest `packet_length` that is accepted: OpenSSH's `PACKET_MAX_SIZE`.
    public static let largestPacketLength = 256 * 1024
    /// The least padding in bytes (RFC 4253 section 6).
    public static let smallestPaddingCount = 4
    /// The most padding in bytes: its count is a byte (RFC 4253 section 6).
    public static let largestPaddingCount = 255
}

/// How a packet's bytes are arranged under a cipher and MAC (RFC 4253 section 6): which lengths are
/// allowed, how much padding there is, and what follows the packet.
///
/// On the wire: `uint32 packet_length`, `byte padding_length`, payload, padding, tag. The
/// `packet_length` counts everything between itself and the tag.
struct PacketLayout: Sendable {
    /// What the aligned part is a multiple of, in bytes.
    let alignment: Int
    /// Whether the length field belongs to the aligned part: only where it is encrypted together
    /// with the rest, or nothing is.
    let alignsLengthField: Bool
    /// The length of the tag in bytes.
    let tagCount: Int
    /// How many bytes of a packet must be there before its length can be told.
    let headerCount: Int

    /// The length of the length field in bytes.
    static let lengthFieldCount = 4

    /// Packets before the first key exchange (RFC 4253 section 6: eight bytes stand for the block).
    static let plain = PacketLayout(
        alignment: 8, alignsLengthField: true, tagCount: 0, headerCount: lengthFieldCount)

    init(alignment: Int, alignsLengthField: Bool, tagCount: Int, headerCount: Int) {
        self.alignment = alignment
        self.alignsLengthField = alignsLengthField
        self.tagCount = tagCount
        self.headerCount = headerCount
    }

    init(cipher: CipherAlgorithm, mac: MACAlgorithm?) {
        // Only in the oldest form is the length part of the cipher's first block.
        let hidesLengthInBlock = !cipher.isAEAD && mac?.isEncryptThenMAC != true
        self.init(
            alignment: cipher.blockLength, alignsLengthField: hidesLengthInBlock,
            tagCount: mac?.tagLength ?? cipher.tagLength,
            headerCount: hidesLengthInBlock ? cipher.blockLength : Self.lengthFieldCount)
    }

    /// The length of the aligned part when `count` bytes follow the length field.
    private func alignedCount(_ count: Int) -> Int {
        alignsLengthField ? Self.lengthFieldCount + count : count
    }

    /// The least padding for a payload, in bytes: 4 to 4 + `alignment` - 1.
    func paddingCount(payloadCount: Int) -> Int {
        let smallest = PacketLimits.smallestPaddingCount
        let excess = alignedCount(1 + payloadCount + smallest) % alignment
        return excess == 0 ? smallest : smallest + alignment - excess
    }

    /// The `packet_length` of a packet that we make.
    ///
    /// - Precondition: the padding is one that this layout allows, and the packet is not too large.
    func packetLength(payloadCount: Int, paddingCount: Int) -> Int {
        precondition(
            paddingCount >= PacketLimits.smallestPaddingCount
                && paddingCount <= PacketLimits.largestPaddingCount, "padding of a wrong length")
        let length = 1 + payloadCount + paddingCount
        precondition(alignedCount(length) % alignment == 0, "padding of a wrong length")
        precondition(length <= PacketLimits.largestPacketLength, "packet too large")
        return length
    }

    /// Checks a `packet_length` that a peer sent.
    ///
    /// - Returns: the length of the whole packet on the wire, tag included.
    func wireCount(packetLength: UInt32) throws(PacketError) -> Int {
        guard packetLength <= UInt32(PacketLimits.largestPacketLength),
            packetLength >= UInt32(1 + PacketLimits.smallestPaddingCount),
            alignedCount(Int(packetLength)) % alignment == 0
        else { throw .badLength(packetLength) }
        return Self.lengthFieldCount + Int(packetLength) + tagCount
    }

    /// Finds the payload in what follows the length field, once it has been authenticated.
    func payloadRange(paddingCount: UInt8, packetLength: Int) throws(PacketError) -> Range<Int> {
        guard Int(paddingCount) >= PacketLimits.smallestPaddingCount,
            1 + Int(paddingCount) <= packetLength
        else { throw .badPadding }
        return 1..<packetLength - Int(paddingCount)
    }
}

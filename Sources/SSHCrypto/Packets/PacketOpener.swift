// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Checks and decrypts the packets of one direction of a connection (RFC 4253 section 6) under one
/// set of keys.
///
/// First ``packetLength(header:sequenceNumber:)`` tells how many bytes the next packet has, then
/// ``open(_:sequenceNumber:)`` takes exactly those. After a throw the connection is to be dropped.
public struct PacketOpener: ~Copyable, Sendable {
    private let cipher: PacketCipher
    private let layout: PacketLayout
    private var packetCount: UInt64 = 0
    /// The packet whose length has been told but that has not been opened.
    ///
    /// The length is read only once, since a cipher in counter mode goes on by that.
    private var pending: IncomingPacket?

    /// Takes unencrypted packets, for the time before the first key exchange is done.
    public init() {
        cipher = .plain
        layout = .plain
    }

    /// Takes packets under new keys.
    ///
    /// - Precondition: `mac` is given exactly where `cipher` is no AEAD, and the keys have the
    ///   lengths that both name.
    public init(cipher: CipherAlgorithm, mac: MACAlgorithm?, keys: consuming PacketKeys) {
        self.cipher = PacketCipher(cipher, mac: mac, keys: keys, encrypts: false)
        layout = PacketLayout(cipher: cipher, mac: mac)
    }

    /// How many of a packet's first bytes are needed to tell its length.
    public var headerCount: Int { layout.headerCount }

    /// How many bytes on the wire the next packet has, its tag included.
    ///
    /// It may be asked again for the same packet; the answer stays the same until that is opened.
    /// It is not authenticated yet, but within the limits: at most
    /// 4 + `PacketLimits.largestPacketLength` + the tag.
    ///
    /// - Parameters:
    ///   - header: the packet's first ``headerCount`` bytes; more may follow.
    ///   - sequenceNumber: the packet's number in this direction.
    /// - Throws: `PacketError.badLength`.
    public mutating func packetLength(
        header: Bytes, sequenceNumber: UInt32
    ) throws(PacketError) -> Int {
        try next(header: header, at: position(sequenceNumber)).wireCount
    }

    /// Checks and decrypts one whole packet.
    ///
    /// - Parameters:
    ///   - packet: all of its bytes and no others.
    ///   - sequenceNumber: the packet's number in this direction (RFC 4253 section 6.4).
    /// - Returns: the payload, in a buffer of its own that nobody else holds. It may be empty.
    /// - Throws: a `PacketError`; then nothing of the payload has been let out.
    public mutating func open(
        _ packet: Bytes, sequenceNumber: UInt32
    ) throws(PacketError) -> Bytes {
        guard packet.count >= headerCount else {
            throw .wrongByteCount(expected: headerCount, actual: packet.count)
        }
        let position = position(sequenceNumber)
        let incoming = try next(header: packet, at: position)
        guard packet.count == incoming.wireCount else {
            throw .wrongByteCount(expected: incoming.wireCount, actual: packet.count)
        }
        pending = nil
        packetCount += 1
        let packetLength = Int(incoming.packetLength)
        let content = try [UInt8](capacity: packetLength) { output throws(PacketError) in
            try cipher.open(incoming, wire: packet.span, at: position, into: &output)
        }
        return content[
            try layout.payloadRange(paddingCount: content[0], packetLength: packetLength)]
    }

    private func position(_ sequenceNumber: UInt32) -> PacketPosition {
        PacketPosition(sequenceNumber: sequenceNumber, index: packetCount)
    }

    private mutating func next(
        header: Bytes, at position: PacketPosition
    ) throws(PacketError) -> IncomingPacket {
        if let pending { return pending }
        precondition(header.count >= headerCount, "the header is not complete")
        let (packetLength, firstBlock) = cipher.lengthField(header: header.span, at: position)
        let packet = IncomingPacket(
            packetLength: packetLength,
            wireCount: try layout.wireCount(packetLength: packetLength), firstBlock: firstBlock)
        pending = packet
        return packet
    }
}

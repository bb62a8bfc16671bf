// SPDX-License-Identifier: Apache-2.0

import Compression
import SSHCrypto
import Wire

/// Cuts the received bytes into packets, opens and decompresses them.
///
/// A packet that lies whole in a received chunk is opened in place. One that does not is completed
/// in a buffer of its own, with no more bytes of the next chunk than it needs.
struct PacketReceiver: ~Copyable {
    /// What finds out whether the peer should compress; nil where that is not asked.
    var steering: InflateSteering?
    /// What has been received under the current keys.
    private(set) var traffic = Traffic()
    /// The unit in which the cipher's limits count, in bytes.
    private(set) var blockLength = 8
    /// The number of the packet that ``next()`` gives next.
    private(set) var sequenceNumber: UInt32 = 0

    private var opener = PacketOpener()
    private var staged: Staged?
    private var isKeyed = false
    private var compression = CompressionAlgorithm.none
    private var isAuthenticated = false
    private var inflater: Inflater?

    /// What has been received and not looked at.
    private var chunk: Bytes = []
    /// The start of a packet whose end has not come.
    private var partial: [UInt8] = []

    /// Keys that the peer's NEWKEYS will put to use.
    private struct Staged: ~Copyable {
        var opener: PacketOpener
        var algorithms: NegotiatedAlgorithms.Direction
    }

    /// One opened packet.
    struct Packet {
        var sequenceNumber: UInt32
        /// Never empty.
        var payload: Bytes
    }

    /// Takes a chunk of received bytes.
    ///
    /// - Precondition: ``next()`` has returned nil since the last one.
    mutating func append(_ bytes: consuming Bytes) {
        precondition(chunk.isEmpty, "a chunk before the last one was used up")
        chunk = bytes
    }

    /// Lends the received bytes to the version exchange, which takes its part off the front.
    mutating func withReceivedBytes<Result>(
        _ body: (inout Bytes) throws(SSHError) -> Result
    ) throws(SSHError) -> Result {
        try body(&chunk)
    }

    /// The next packet, or nil if more bytes are needed.
    mutating func next() throws(SSHError) -> Packet? {
        guard let (content, wireCount) = try nextContent() else { return nil }
        traffic.count(wireCount)
        let number = sequenceNumber
        sequenceNumber &+= 1
        guard sequenceNumber != 0 || isKeyed else {
            throw SSHError(.limitExceeded, "2^32 packets before the first key exchange was done")
        }
        guard traffic.packets < UInt64(UInt32.max) else {
            throw SSHError(.limitExceeded, "the peer sent 2^32 packets under one key")
        }
        let payload = try inflater == nil ? compact(content, wireCount) : inflated(content)
        steering?.note(payload, wireCount: wireCount)
        guard !payload.isEmpty else {
            throw SSHError(.protocolViolation, "the peer sent a packet without a message")
        }
        return Packet(sequenceNumber: number, payload: payload)
    }

    /// Whoever keeps a payload keeps its buffer: a peer must not make a byte cost hundreds, by
    /// padding.
    private func compact(_ payload: Bytes, _ wireCount: Int) -> Bytes {
        wireCount > 2 * payload.count + 128 ? Array(payload)[...] : payload
    }

    private mutating func nextContent() throws(SSHError) -> (Bytes, wireCount: Int)? {
        if partial.isEmpty {
            guard let count = try wireCount(chunk), chunk.count >= count else {
                partial.append(contentsOf: chunk)
                chunk = []
                return nil
            }
            let content = try open(chunk.prefix(count))
            chunk = chunk.dropFirst(count)
            return (content, count)
        }
        fillPartial(to: opener.headerCount)
        guard let count = try wireCount(partial[...]) else { return nil }
        // Within the packet limit, so that the peer's word may size this.
        partial.reserveCapacity(count)
        fillPartial(to: count)
        guard partial.count == count else { return nil }
        let content = try open(partial[...])
        partial.removeAll(keepingCapacity: true)
        return (content, count)
    }

    private mutating func fillPartial(to count: Int) {
        let missing = chunk.prefix(max(0, count - partial.count))
        partial.append(contentsOf: missing)
        chunk = chunk.dropFirst(missing.count)
    }

    /// The length of the packet that begins with these bytes, once there are enough to tell.
    private mutating func wireCount(_ bytes: Bytes) throws(SSHError) -> Int? {
        guard bytes.count >= opener.headerCount else { return nil }
        do {
            return try opener.packetLength(header: bytes, sequenceNumber: sequenceNumber)
        } catch {
            throw refusal(error)
        }
    }

    private mutating func open(_ packet: Bytes) throws(SSHError) -> Bytes {
        do {
            return try opener.open(packet, sequenceNumber: sequenceNumber)
        } catch {
            throw refusal(error)
        }
    }

    /// Under keys every fault of a packet is one of its integrity: someone may have changed it.
    private func refusal(_ error: PacketError) -> SSHError {
        SSHError(isKeyed ? .integrityCheckFailed : .protocolViolation, "received a \(error)")
    }

    private mutating func inflated(_ content: Bytes) throws(SSHError) -> Bytes {
        guard inflater != nil else { return content }
        do throws(CompressionError) {
            return try inflater?.decompress(content, limit: SSHLimits.inflatedPayloadBytes)
                ?? content
        } catch {
            throw SSHError(
                .compressionFailed, "received a packet that does not decompress: \(error)")
        }
    }
}

// Keys and compression.
extension PacketReceiver {
    /// Readies keys for ``installStagedKeys(resetsSequence:)``.
    mutating func stage(
        _ opener: consuming PacketOpener, algorithms: NegotiatedAlgorithms.Direction
    ) {
        staged = Staged(opener: opener, algorithms: algorithms)
    }

    /// Puts the staged keys to use: the peer's NEWKEYS has come.
    mutating func installStagedKeys(resetsSequence: Bool) {
        guard let keys = staged.take() else { preconditionFailure("no keys to install") }
        blockLength = keys.algorithms.cipher.blockLength
        compression = keys.algorithms.compression
        opener = keys.opener
        isKeyed = true
        traffic = Traffic()
        if resetsSequence { sequenceNumber = 0 }
        restartCompression()
    }

    /// The user is authenticated: delayed compression begins with the next packet.
    mutating func authenticationSucceeded() {
        isAuthenticated = true
        restartCompression()
    }

    // OpenSSH starts its streams anew with all new keys, so both sides have to.
    private mutating func restartCompression() {
        inflater = isAuthenticated && compression == .zlibOpenSSH ? Inflater() : nil
    }
}

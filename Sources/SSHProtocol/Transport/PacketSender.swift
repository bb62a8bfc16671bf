// SPDX-License-Identifier: Apache-2.0

import Compression
import SSHCrypto
import Wire

/// Compresses and seals the packets that we send.
///
/// Messages are sealed when the output is taken, not when they are queued: until then keys may
/// change, and small messages may go before bulk data.
struct PacketSender: ~Copyable {
    /// Messages of the layers above the transport; they wait while keys are exchanged.
    var outbox = Outbox()
    /// What chooses how hard to compress; nil for the usual way.
    var steering: DeflateSteering?
    /// What has been sent under the current keys.
    private(set) var traffic = Traffic()
    /// The unit in which the cipher's limits count, in bytes.
    private(set) var blockLength = 8
    /// Whether only messages of the transport may be sent: from our KEXINIT to our NEWKEYS
    /// (RFC 4253 section 7.1).
    private(set) var isExchangingKeys = false
    /// Whether nothing is sent any more but a DISCONNECT.
    private var isClosed = false

    /// Whether the peer knows that the user is authenticated.
    private(set) var isAuthenticated = false

    /// Messages of the transport itself, which key exchanges do not hold up.
    private var transportQueue = FIFO<Bytes>()
    private var sealer = PacketSealer()
    private var staged: Staged?
    private var sequenceNumber: UInt32 = 0
    private var compression = CompressionAlgorithm.none
    private var deflater: Deflater?
    private var random: RandomPool

    /// Keys that our NEWKEYS will put to use.
    private struct Staged: ~Copyable {
        var sealer: PacketSealer
        var algorithms: NegotiatedAlgorithms.Direction
        var resetsSequence: Bool
    }

    init(random: RandomPool) { self.random = random }

    /// Random bytes that may be seen.
    mutating func takeRandom(_ count: Int) -> Bytes { random.take(count) }

    /// Random bytes for a private key.
    func takeSecret(_ count: Int) -> SecretBytes { random.takeSecret(count) }

    mutating func sendKexInit(_ payload: Bytes) {
        isExchangingKeys = true
        transportQueue.append(payload)
    }

    /// Queues a message of the transport.
    mutating func send(_ message: some SSHMessage) {
        transportQueue.append(message.payload[...])
    }

    /// Queues a message of the transport, encoded.
    mutating func send(payload: [UInt8]) {
        transportQueue.append(payload[...])
    }

    /// Queues NEWKEYS, after which the keys are in use.
    mutating func sendNewKeys(
        _ sealer: consuming PacketSealer, algorithms: NegotiatedAlgorithms.Direction,
        resetsSequence: Bool
    ) {
        precondition(staged == nil, "new keys before the last ones were used")
        staged = Staged(sealer: sealer, algorithms: algorithms, resetsSequence: resetsSequence)
        transportQueue.append(NewKeys().payload[...])
    }

    /// The user is authenticated, from our side of the connection: delayed compression begins.
    mutating func authenticationSucceeded() {
        isAuthenticated = true
        restartCompression()
    }

    /// Whether messages of the layers above may be sent now.
    ///
    /// With its keys' last sequence numbers left, a side sends only what brings new ones.
    var isOpen: Bool { !isExchangingKeys && !isClosed && traffic.packets < UInt64(UInt32.max) - 16 }

    /// Whether ``sealNextMessage(into:)`` has something to seal.
    var hasMessage: Bool { !transportQueue.isEmpty || (isOpen && !outbox.isEmpty) }

    /// Drops all that is queued, for the DISCONNECT to be the last message.
    mutating func close() {
        isClosed = true
        transportQueue.removeAll()
        outbox.removeAll()
    }

    /// Appends the next queued message to `output` as a packet.
    ///
    /// - Returns: whether there was one that may be sent now.
    mutating func sealNextMessage(into output: inout [UInt8]) -> Bool {
        if let payload = transportQueue.popFirst() {
            seal([payload], into: &output)
            if payload.first == MessageNumber.newKeys.rawValue { installStagedKeys() }
            return true
        }
        guard isOpen, var entry = outbox.popFirst() else { return false }
        seal([entry.payload[...]], hidesLength: entry.isSecret, into: &output)
        if entry.payload.first == MessageNumber.userAuthSuccess.rawValue {
            authenticationSucceeded()
        }
        if entry.isSecret { wipe(&entry.payload) }
        return true
    }

    /// Appends one message to `output` as a packet.
    mutating func seal(
        _ payload: [Bytes], hidesLength: Bool = false, into output: inout [UInt8]
    ) {
        var pieces = payload
        if deflater != nil {
            var compressed: [UInt8] = []
            if let steering { deflater?.setLevel(steering.level, into: &compressed) }
            deflater?.compress(payload, into: &compressed)
            steering?.note(input: payload.reduce(0) { $0 + $1.count }, output: compressed.count)
            pieces = [compressed[...]]
        }
        let count = pieces.reduce(0) { $0 + $1.count }
        let padding = random.take(paddingCount(payloadCount: count, hidesLength: hidesLength))
        let start = output.count
        sealer.seal(pieces, padding: padding, sequenceNumber: sequenceNumber, into: &output)
        sequenceNumber &+= 1
        traffic.count(output.count - start)
    }

    /// Passwords and answers are padded to a multiple of a size that few of them reach.
    private func paddingCount(payloadCount: Int, hidesLength: Bool) -> Int {
        let least = sealer.paddingLength(payloadCount: payloadCount)
        guard hidesLength else { return least }
        let unit = 128
        let missing = (unit - (payloadCount + least) % unit) % unit
        return least + missing - missing % sealer.paddingAlignment
    }

    private mutating func installStagedKeys() {
        guard let keys = staged.take() else { preconditionFailure("no keys to install") }
        blockLength = keys.algorithms.cipher.blockLength
        compression = keys.algorithms.compression
        if keys.resetsSequence { sequenceNumber = 0 }
        sealer = keys.sealer
        traffic = Traffic()
        isExchangingKeys = false
        restartCompression()
    }

    // OpenSSH starts its streams anew with all new keys, so both sides have to.
    private mutating func restartCompression() {
        deflater =
            isAuthenticated && compression == .zlibOpenSSH
            ? Deflater(level: steering?.level ?? Deflater.usualLevel) : nil
    }
}

// SPDX-License-Identifier: Apache-2.0

import Wire

// What is sent, and when.
extension Transport where Side: ~Copyable {
    /// Seals what is queued, until `maximum` bytes are reached: the transport's own messages
    /// first, then those of the layers above, then the channels' data in turn.
    mutating func takeOutput(
        maximum: Int, layer: inout ConnectionLayer?, now: Duration
    ) -> [UInt8] {
        var output: [UInt8] = []
        swap(&output, &unsentIdentification)
        let queued = layer?.channels.queuedBytes ?? 0
        if queued > 0 { output.reserveCapacity(min(queued, maximum) + Self.outputSlack) }
        while output.count < maximum {
            startRekeyIfDue(now: now)
            if sender.sealNextMessage(into: &output) { continue }
            guard sender.isOpen, let next = layer?.channels.nextOutput() else { break }
            seal(next, into: &output)
        }
        watchRekey(now: now)
        return output
    }

    /// Whether a message of the transport's own, or of the layers above it, may be sent now.
    var hasOutput: Bool { !unsentIdentification.isEmpty || sender.hasMessage }

    private mutating func seal(_ channelOutput: ChannelOutput, into output: inout [UInt8]) {
        switch channelOutput {
        case .data(let recipient, let pieces):
            var header = WireWriter(capacity: 9)
            header.write(ChannelData.number.rawValue)
            header.write(recipient)
            header.write(UInt32(pieces.reduce(0) { $0 + $1.count }))
            sender.seal([header.bytes[...]] + pieces, into: &output)
        case .endOfData(let recipient):
            sender.seal([ChannelEOF(recipient: recipient).payload[...]], into: &output)
        case .close(let recipient):
            sender.seal([ChannelClose(recipient: recipient).payload[...]], into: &output)
        }
    }

    /// Room for what headers, padding and tags add to 256 KiB of data in packets of 32 KiB.
    private static var outputSlack: Int { 4096 }

    /// Ends the connection: what is queued is dropped, and the peer is told where it can be.
    mutating func close(_ error: SSHError) {
        isClosed = true
        sender.close()
        // Before its identification, the peer would not know a packet from noise.
        if let reason = error.disconnectReason, !peerIdentification.isEmpty {
            sender.send(Disconnect(reason: reason, description: error.reason))
        }
    }

    /// When ``handleDeadline(now:)`` has something to do, if nothing happens before.
    var nextDeadline: Duration? {
        if isClosed { return nil }
        if let rekeyEnd { return rekeyEnd }
        // With keys that have carried nothing there is no hurry.
        guard mayStartRekey, sender.traffic.packets > 0 || receiver.traffic.packets > 0 else {
            return nil
        }
        return rekeyPolicy.deadline
    }

    /// Makes new keys if it is time to, and demands that the peer takes its part in time.
    mutating func handleDeadline(now: Duration) throws(SSHError) {
        startRekeyIfDue(now: now)
        watchRekey(now: now)
        if let rekeyEnd, now >= rekeyEnd {
            throw SSHError(
                .keyExchangeFailed,
                "the peer did not finish a key exchange within \(SSHLimits.keyExchangeSeconds) seconds"
            )
        }
    }

    /// Starts or stops the clock for the peer's part in a later key exchange.
    ///
    /// Meanwhile nothing but transport messages is sent, not even a keepalive. The first exchange
    /// is timed by our owner, who knows how long its user may look at a host key.
    mutating func watchRekey(now: Duration) {
        if isIdle || isInitial {
            rekeyEnd = nil
        } else if rekeyEnd == nil {
            rekeyEnd = now + .seconds(SSHLimits.keyExchangeSeconds)
        }
    }
}

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
        return output
    }

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

    /// When ``startRekeyIfDue(now:)`` has to be asked again: with keys that have carried nothing
    /// there is no hurry.
    var rekeyDeadline: Duration? {
        guard sender.traffic.packets > 0 || receiver.traffic.packets > 0, !isClosed, isIdle else {
            return nil
        }
        return rekeyPolicy.deadline
    }
}

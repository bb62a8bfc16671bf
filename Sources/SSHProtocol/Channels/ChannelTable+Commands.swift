// SPDX-License-Identifier: Apache-2.0

import Wire

// What our owner asks for. Commands for channels that are gone do nothing.
extension ChannelTable {
    mutating func openSession(outbox: inout Outbox) -> ChannelID {
        open(ChannelOpen.session, data: [], outbox: &outbox)
    }

    mutating func openTunnel(host: String, port: UInt16, outbox: inout Outbox) -> ChannelID {
        open(
            ChannelOpen.directTCPIP, data: ChannelOpen.tunnelData(host: host, port: port),
            outbox: &outbox)
    }

    private mutating func open(
        _ type: String, data: Bytes, outbox: inout Outbox
    ) -> ChannelID {
        let id = makeEntry(.opening)
        outbox.send(
            ChannelOpen(
                type: type, sender: id.number, initialWindow: parameters.window,
                maximumPacket: parameters.maximumPacket, data: data))
        return id
    }

    mutating func accept(_ id: ChannelID, outbox: inout Outbox) {
        guard let index = index(of: id), case .offered(let open) = entries[index].state else {
            return
        }
        entries[index].state = .open(
            makeOpenChannel(
                remoteNumber: open.sender, sendWindow: open.initialWindow,
                maximumPacket: open.maximumPacket))
        outbox.reply(
            ChannelOpenConfirmation(
                recipient: open.sender, sender: id.number, initialWindow: parameters.window,
                maximumPacket: parameters.maximumPacket))
    }

    mutating func refuse(
        _ id: ChannelID, reason: ChannelOpenFailureReason, description: String,
        outbox: inout Outbox
    ) {
        guard let index = index(of: id), case .offered(let open) = entries[index].state else {
            return
        }
        entries.remove(at: index)
        outbox.reply(
            ChannelOpenFailure(recipient: open.sender, reason: reason, description: description))
    }

    mutating func request(
        _ kind: ChannelRequest.Kind, on id: ChannelID, wantReply: Bool, outbox: inout Outbox
    ) {
        let message = withOpenChannel(id) { $0.request(kind, wantReply: wantReply) }
        if let message { outbox.send(message) }
    }

    mutating func answerRequest(on id: ChannelID, isSuccess: Bool, outbox: inout Outbox) {
        guard let index = index(of: id), case .open(var channel) = entries[index].state else {
            return
        }
        channel.answerRequest(isSuccess)
        while let answer = channel.nextAnswer() {
            if answer {
                outbox.reply(ChannelSuccess(recipient: channel.remoteNumber))
            } else {
                outbox.reply(ChannelFailure(recipient: channel.remoteNumber))
            }
        }
        entries[index].state = .open(channel)
    }

    mutating func consumed(_ count: Int, on id: ChannelID, outbox: inout Outbox) {
        let adjust = withOpenChannel(id) { $0.consume(count) }
        if let adjust = adjust ?? nil { outbox.send(adjust) }
    }

    func makeOpenChannel(
        remoteNumber: UInt32, sendWindow: UInt32, maximumPacket: UInt32
    ) -> OpenChannel {
        OpenChannel(
            remoteNumber: remoteNumber, sendWindow: sendWindow, maximumPacket: maximumPacket,
            receiveWindow: ReceiveWindow(
                size: parameters.window, maximumPacket: parameters.maximumPacket),
            ownMaximumPacket: parameters.maximumPacket)
    }
}

// Data.
extension ChannelTable {
    mutating func send(_ pieces: [Bytes], on id: ChannelID) {
        _ = withOpenChannel(id) { $0.send(pieces) }
    }

    func queuedBytes(on id: ChannelID) -> Int {
        guard let index = index(of: id), case .open(let channel) = entries[index].state else {
            return 0
        }
        return channel.queuedBytes
    }

    mutating func sendEndOfData(on id: ChannelID) {
        _ = withOpenChannel(id) { $0.sendEndOfData() }
    }

    mutating func close(_ id: ChannelID, discardingUnsentData: Bool) {
        if let index = index(of: id), case .opening = entries[index].state {
            entries[index].state = .cancelled
        }
        _ = withOpenChannel(id) { $0.close(discardingUnsentData: discardingUnsentData) }
    }
}

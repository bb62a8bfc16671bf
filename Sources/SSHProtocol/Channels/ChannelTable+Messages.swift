// SPDX-License-Identifier: Apache-2.0

import Wire

// What the peer sends.
extension ChannelTable {
    /// Handles a message of the channel range.
    ///
    /// - Returns: what our owner is to know of it, if anything.
    mutating func receive(
        _ number: MessageNumber, _ payload: Bytes, outbox: inout Outbox
    ) throws(SSHError) -> Outcome? {
        switch number {
        case .channelData: try receive(decode(ChannelData.self, payload))
        case .channelWindowAdjust: try receive(decode(ChannelWindowAdjust.self, payload))
        case .channelExtendedData: try receive(decode(ChannelExtendedData.self, payload))
        case .channelOpen: try receive(decode(ChannelOpen.self, payload), outbox: &outbox)
        case .channelOpenConfirmation:
            try receive(decode(ChannelOpenConfirmation.self, payload), outbox: &outbox)
        case .channelOpenFailure: try receive(decode(ChannelOpenFailure.self, payload))
        case .channelEOF: try receive(decode(ChannelEOF.self, payload))
        case .channelClose: try receive(decode(ChannelClose.self, payload), outbox: &outbox)
        case .channelRequest: try receive(decode(ChannelRequest.self, payload), outbox: &outbox)
        case .channelSuccess:
            try receiveAnswer(
                true, recipient: decode(ChannelSuccess.self, payload).recipient, number)
        case .channelFailure:
            try receiveAnswer(
                false, recipient: decode(ChannelFailure.self, payload).recipient, number)
        default: preconditionFailure("not a channel message")
        }
    }

    private mutating func receive(
        _ message: ChannelOpen, outbox: inout Outbox
    ) throws(SSHError) -> Outcome? {
        let refusal: (ChannelOpenFailureReason, String)?
        if role == .client {
            // A server opens channels only for forwardings, and we never ask for those.
            refusal = (.administrativelyProhibited, "this client takes no channels")
        } else if message.type != ChannelOpen.session {
            refusal = (.unknownChannelType, "only session channels are served")
        } else if message.maximumPacket == 0 {
            refusal = (.connectFailed, "a maximum packet of zero bytes")
        } else if entries.count >= acceptedLimit {
            refusal = (.resourceShortage, "no more than \(acceptedLimit) channels")
        } else {
            refusal = nil
        }
        if let (reason, description) = refusal {
            outbox.reply(
                ChannelOpenFailure(
                    recipient: message.sender, reason: reason, description: description))
            return nil
        }
        return .offered(makeEntry(.offered(message)))
    }

    private mutating func receive(
        _ message: ChannelOpenConfirmation, outbox: inout Outbox
    ) throws(SSHError) -> Outcome? {
        guard let index = try index(of: message.recipient, for: .channelOpenConfirmation) else {
            return nil
        }
        let id = entries[index].id
        switch entries[index].state {
        case .opening where message.maximumPacket > 0:
            entries[index].state = .open(
                makeOpenChannel(
                    remoteNumber: message.sender, sendWindow: message.initialWindow,
                    maximumPacket: message.maximumPacket))
            return .event(id, .opened)
        case .opening:
            // Nothing could ever be sent; for the peer it is open, so that it has to be closed.
            entries[index].state = .abandoned
            outbox.send(ChannelClose(recipient: message.sender))
            return .event(
                id, .openFailed(.connectFailed, "the peer set a maximum packet of zero bytes"))
        case .cancelled:
            entries[index].state = .closing
            outbox.send(ChannelClose(recipient: message.sender))
            return nil
        case .offered, .open, .closing, .abandoned:
            throw unexpected(.channelOpenConfirmation, id)
        }
    }

    private mutating func receive(_ message: ChannelOpenFailure) throws(SSHError) -> Outcome? {
        guard let index = try index(of: message.recipient, for: .channelOpenFailure) else {
            return nil
        }
        let id = entries[index].id
        switch entries[index].state {
        case .opening, .cancelled: entries.remove(at: index)
        case .offered, .open, .closing, .abandoned: throw unexpected(.channelOpenFailure, id)
        }
        return .event(id, .openFailed(message.reason, message.description))
    }

    private mutating func receive(_ message: ChannelData) throws(SSHError) -> Outcome? {
        try receive(.channelData, message.recipient) { channel throws(SSHError) in
            try channel.receiveData(message.data.count) ? .data(message.data) : nil
        }
    }

    private mutating func receive(_ message: ChannelExtendedData) throws(SSHError) -> Outcome? {
        try receive(.channelExtendedData, message.recipient) { channel throws(SSHError) in
            try channel.receiveData(message.data.count)
                ? .extendedData(type: message.dataType, message.data) : nil
        }
    }

    private mutating func receive(_ message: ChannelWindowAdjust) throws(SSHError) -> Outcome? {
        try receive(.channelWindowAdjust, message.recipient) { channel throws(SSHError) in
            try channel.growSendWindow(by: message.bytesToAdd)
            return nil
        }
    }

    private mutating func receive(_ message: ChannelEOF) throws(SSHError) -> Outcome? {
        try receive(.channelEOF, message.recipient) { channel throws(SSHError) in
            channel.receiveEOF() ? .endOfData : nil
        }
    }

    private mutating func receiveAnswer(
        _ isSuccess: Bool, recipient: UInt32, _ number: MessageNumber
    ) throws(SSHError) -> Outcome? {
        try receive(number, recipient) { channel throws(SSHError) in
            try channel.receiveAnswer()
            return .requestAnswered(isSuccess: isSuccess)
        }
    }

    private mutating func receive(
        _ message: ChannelClose, outbox: inout Outbox
    ) throws(SSHError) -> Outcome? {
        guard let index = try index(of: message.recipient, for: .channelClose) else { return nil }
        let id = entries[index].id
        switch entries[index].state {
        case .opening, .cancelled, .offered: throw unexpected(.channelClose, id)
        case .open(let channel):
            outbox.reply(ChannelClose(recipient: channel.remoteNumber))
        case .closing: break
        case .abandoned:
            entries.remove(at: index)
            return nil
        }
        entries.remove(at: index)
        return .event(id, .closed)
    }

    private mutating func receive(
        _ message: ChannelRequest, outbox: inout Outbox
    ) throws(SSHError) -> Outcome? {
        let request = role == .server ? SessionRequest(message.kind) : nil
        let event = request == nil ? event(for: message.kind) : nil
        var refusal: ChannelFailure?
        var outcome = try receive(.channelRequest, message.recipient) { channel throws(SSHError) in
            if message.wantReply {
                try channel.noteRequest(answer: request == nil ? false : nil)
                if channel.nextAnswer() != nil {
                    refusal = ChannelFailure(recipient: channel.remoteNumber)
                }
            }
            return event
        }
        if let refusal { outbox.reply(refusal) }
        if let request, isOpen(message.recipient) {
            outcome = .request(
                ChannelID(number: message.recipient), request, wantsReply: message.wantReply)
        }
        return outcome
    }

    private func isOpen(_ number: UInt32) -> Bool {
        guard let index = index(of: ChannelID(number: number)) else { return false }
        if case .open = entries[index].state { return true }
        return false
    }

    private func event(for kind: ChannelRequest.Kind) -> ChannelEvent? {
        switch kind {
        case .endOfWrite: .peerStoppedReading
        case .exitStatus(let status): role == .client ? .exitStatus(status) : nil
        case .exitSignal(let name, let dumpedCore, let message):
            role == .client
                ? .exitSignal(ExitSignal(name: name, dumpedCore: dumpedCore, message: message))
                : nil
        case .environment, .exec, .subsystem, .shell, .other: nil
        }
    }

    /// Applies a message to the open channel that it is for; what comes for a channel after we
    /// have closed it is dropped.
    private mutating func receive(
        _ number: MessageNumber, _ recipient: UInt32,
        _ body: (inout OpenChannel) throws(SSHError) -> ChannelEvent?
    ) throws(SSHError) -> Outcome? {
        guard let index = try index(of: recipient, for: number) else { return nil }
        let id = entries[index].id
        switch entries[index].state {
        case .opening, .cancelled, .offered: throw unexpected(number, id)
        case .closing, .abandoned: return nil
        case .open(var channel):
            entries[index].state = .closing
            let event = try body(&channel)
            entries[index].state = .open(channel)
            return event.map { .event(id, $0) }
        }
    }

    private func unexpected(_ number: MessageNumber, _ id: ChannelID) -> SSHError {
        SSHError(.protocolViolation, "the peer sent \(number) for channel \(id) in a wrong state")
    }
}

/// Decodes a message, and names it if it is malformed.
func decode<Message: SSHMessage>(
    _ type: Message.Type, _ payload: Bytes
) throws(SSHError) -> Message {
    do {
        return try Message(payload: payload)
    } catch {
        throw .malformed(Message.number, error)
    }
}

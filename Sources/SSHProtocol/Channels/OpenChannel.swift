// SPDX-License-Identifier: Apache-2.0

import Wire

/// A channel that both sides have opened and that we have not closed.
struct OpenChannel {
    /// The peer's number of the channel.
    let remoteNumber: UInt32
    /// The most data in one of our packets.
    private let maximumPacket: Int
    private let ownMaximumPacket: Int
    private var sendWindow: SendWindow
    private var receiveWindow: ReceiveWindow
    private var queue = SendQueue()
    private var sending = Sending.data
    private var hasReceivedEOF = false
    /// Requests of ours that wait for the peer's answer.
    private var unansweredByPeer = 0
    /// Requests of the peer's whose answers have not been sent, oldest first: nil where our owner
    /// has not decided yet.
    private var answers = FIFO<Bool?>()

    /// What our side still sends.
    private enum Sending {
        case data
        /// EOF once the queue is empty.
        case dataThenEOF
        /// EOF once the queue is empty, and CLOSE: some servers ignore a CLOSE without an EOF.
        case dataThenClose
        /// EOF has been sent.
        case nothing
        /// EOF has been sent; CLOSE is next.
        case close
    }

    init(
        remoteNumber: UInt32, sendWindow: UInt32, maximumPacket: UInt32,
        receiveWindow: ReceiveWindow, ownMaximumPacket: UInt32
    ) {
        precondition(maximumPacket > 0, "a channel that cannot send")
        self.remoteNumber = remoteNumber
        self.maximumPacket = Int(min(maximumPacket, ChannelParameters.largestPacket))
        self.ownMaximumPacket = Int(ownMaximumPacket)
        self.sendWindow = SendWindow(available: sendWindow)
        self.receiveWindow = receiveWindow
    }

    /// How many bytes wait to be sent.
    var queuedBytes: Int { queue.byteCount }

    /// Whether data, EOF or CLOSE wait to be sent.
    var hasOutput: Bool {
        switch sending {
        case .data, .nothing: !queue.isEmpty
        case .dataThenEOF, .dataThenClose, .close: true
        }
    }
}

/// A message on a channel that is ready to be sealed.
enum ChannelOutput {
    /// CHANNEL_DATA: its header, and the pieces of its data.
    case data(recipient: UInt32, [Bytes])
    case endOfData(recipient: UInt32)
    /// The channel's last message from us.
    case close(recipient: UInt32)
}

// Sending.
extension OpenChannel {
    mutating func send(_ pieces: [Bytes]) {
        guard case .data = sending else { return }
        for piece in pieces { queue.append(piece) }
    }

    mutating func sendEndOfData() {
        if case .data = sending { sending = .dataThenEOF }
    }

    mutating func close(discardingUnsentData: Bool) {
        if discardingUnsentData { queue.removeAll() }
        switch sending {
        case .data, .dataThenEOF: sending = .dataThenClose
        case .nothing: sending = .close
        case .dataThenClose, .close: break
        }
    }

    /// Takes the next message that the window lets us send, or nil.
    mutating func nextOutput() -> ChannelOutput? {
        if !queue.isEmpty {
            let count = min(Int(sendWindow.available), maximumPacket, queue.byteCount)
            guard count > 0 else { return nil }
            sendWindow.send(count)
            return .data(recipient: remoteNumber, queue.take(count))
        }
        switch sending {
        case .data, .nothing: return nil
        case .dataThenEOF:
            sending = .nothing
            return .endOfData(recipient: remoteNumber)
        case .dataThenClose:
            sending = .close
            return .endOfData(recipient: remoteNumber)
        case .close: return .close(recipient: remoteNumber)
        }
    }

    mutating func request(_ kind: ChannelRequest.Kind, wantReply: Bool) -> ChannelRequest {
        if wantReply { unansweredByPeer += 1 }
        return ChannelRequest(recipient: remoteNumber, wantReply: wantReply, kind: kind)
    }

    mutating func consume(_ count: Int) -> ChannelWindowAdjust? {
        receiveWindow.consume(count).map {
            ChannelWindowAdjust(recipient: remoteNumber, bytesToAdd: $0)
        }
    }
}

// Receiving.
extension OpenChannel {
    /// Counts data that came.
    ///
    /// - Returns: whether it counts: what comes after EOF is dropped, as OpenSSH does.
    mutating func receiveData(_ count: Int) throws(SSHError) -> Bool {
        guard count <= ownMaximumPacket else {
            throw SSHError(
                .protocolViolation,
                "the peer sent \(count) bytes of channel data where packets of \(ownMaximumPacket) were agreed"
            )
        }
        try receiveWindow.receive(count)
        return !hasReceivedEOF && count > 0
    }

    /// Notes the peer's EOF.
    ///
    /// - Returns: whether it is the first.
    mutating func receiveEOF() -> Bool {
        defer { hasReceivedEOF = true }
        return !hasReceivedEOF
    }

    mutating func growSendWindow(by count: UInt32) throws(SSHError) {
        try sendWindow.grow(by: count)
    }

    /// Counts the peer's answer to a request of ours.
    mutating func receiveAnswer() throws(SSHError) {
        guard unansweredByPeer > 0 else {
            throw SSHError(.protocolViolation, "the peer answered a channel request never made")
        }
        unansweredByPeer -= 1
    }
}

// Answering the peer's requests, in their order.
extension OpenChannel {
    /// Notes a request that wants an answer; `answer` is nil if our owner is to decide.
    mutating func noteRequest(answer: Bool?) throws(SSHError) {
        guard answers.count < SSHLimits.unansweredRequests else {
            throw SSHError(
                .limitExceeded,
                "more than \(SSHLimits.unansweredRequests) unanswered requests on a channel")
        }
        answers.append(answer)
    }

    /// Notes our owner's answer to the oldest request that it has not answered.
    mutating func answerRequest(_ isSuccess: Bool) {
        precondition(answers.first.map { $0 == nil } ?? false, "no channel request to answer")
        answers.replaceFirst(isSuccess)
    }

    /// Takes the next answer that may be sent without overtaking an earlier one.
    mutating func nextAnswer() -> Bool? {
        guard let first = answers.first, let answer = first else { return nil }
        _ = answers.popFirst()
        return answer
    }
}

// SPDX-License-Identifier: Apache-2.0

import Wire

/// The channels of a connection (RFC 4254 section 5), for either role.
struct ChannelTable {
    /// What a message of the peer's means for our owner.
    enum Outcome: Equatable {
        case event(ChannelID, ChannelEvent)
        /// The peer wants a session channel.
        case offered(ChannelID)
        /// The peer asks for something on a session channel.
        case request(ChannelID, SessionRequest, wantsReply: Bool)
    }

    /// A channel in each of its states.
    enum State {
        /// We asked for it.
        case opening
        /// We asked for it, and then to close it.
        case cancelled
        /// The peer asked for it.
        case offered(ChannelOpen)
        case open(OpenChannel)
        /// We have closed it, the peer hasn't: what still comes is dropped.
        case closing
        /// As `closing`, for a channel that our owner has been told was never opened.
        case abandoned
    }

    struct Entry {
        let id: ChannelID
        var state: State
    }

    let role: Role
    let parameters: ChannelParameters
    /// The most channels at a time that the peer may open.
    let acceptedLimit: Int
    // Few channels stand side by side, and always in the order of their opening: an array gives
    // that order to the round of senders without hashing.
    var entries: [Entry] = []
    private var nextNumber: UInt32 = 0
    /// Where the next round of senders begins.
    private var nextSender = 0

    init(role: Role, parameters: ChannelParameters, acceptedLimit: Int) {
        self.role = role
        self.parameters = parameters
        self.acceptedLimit = acceptedLimit
    }

    /// How many bytes wait to be sent, on all channels.
    var queuedBytes: Int {
        entries.reduce(0) { sum, entry in
            if case .open(let channel) = entry.state { sum + channel.queuedBytes } else { sum }
        }
    }

    /// Whether a channel has something to send, though its window may be used up.
    var hasOutput: Bool {
        entries.contains { entry in
            if case .open(let channel) = entry.state { channel.hasOutput } else { false }
        }
    }

    /// The connection has ended: nothing will be sent any more.
    mutating func removeAll() { entries = [] }

    func index(of id: ChannelID) -> Int? {
        entries.firstIndex { $0.id == id }
    }

    mutating func makeEntry(_ state: State) -> ChannelID {
        // Numbers are unique while the connection lives; a channel that outlives 2^32 others
        // keeps its own.
        while entries.contains(where: { $0.id.number == nextNumber }) { nextNumber &+= 1 }
        let id = ChannelID(number: nextNumber)
        nextNumber &+= 1
        entries.append(Entry(id: id, state: state))
        return id
    }

    /// The channel that a message of the peer's is for, or nil for one that both have closed: some
    /// peers send answers or EOF late.
    ///
    /// - Throws: for a channel that never was.
    func index(of recipient: UInt32, for number: MessageNumber) throws(SSHError) -> Int? {
        if let index = index(of: ChannelID(number: recipient)) { return index }
        guard recipient < nextNumber else {
            throw SSHError(
                .protocolViolation, "the peer sent \(number) for unknown channel \(recipient)")
        }
        return nil
    }

    /// Applies `body` to an open channel; does nothing where there is none, since our owner may not
    /// have seen its end yet.
    mutating func withOpenChannel<Result>(
        _ id: ChannelID, _ body: (inout OpenChannel) -> Result
    ) -> Result? {
        guard let index = index(of: id), case .open(var channel) = entries[index].state else {
            return nil
        }
        // Taken out of the table, so that the body changes its queue in place.
        entries[index].state = .closing
        let result = body(&channel)
        entries[index].state = .open(channel)
        return result
    }

    /// Takes the next channel message to be sealed: each channel in turn gives one.
    mutating func nextOutput() -> ChannelOutput? {
        for step in 0..<entries.count {
            let index = (nextSender + step) % entries.count
            guard let output = nextOutput(of: index) else { continue }
            nextSender = index + 1
            return output
        }
        return nil
    }

    private mutating func nextOutput(of index: Int) -> ChannelOutput? {
        guard case .open(var channel) = entries[index].state else { return nil }
        entries[index].state = .closing
        let output = channel.nextOutput()
        if case .close = output { return output }
        entries[index].state = .open(channel)
        return output
    }
}

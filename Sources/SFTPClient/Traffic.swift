// SPDX-License-Identifier: Apache-2.0

/// What has gone over a connection so far, and how fast the server answers.
public struct Traffic: Sendable {
    /// Bytes from the server.
    public internal(set) var received = ByteCount()
    /// Bytes to the server, as far as they have been handed to the channel.
    public internal(set) var sent = ByteCount()
    /// Requests that have been sent.
    public internal(set) var requestCount: UInt64 = 0
    /// How long the server takes to answer a request without payload, smoothed; nil before it has
    /// answered one.
    public private(set) var roundTrip: Duration?
    /// The shortest of these times: what the link takes, where nothing waits on the way; nil before.
    public private(set) var leastRoundTrip: Duration?

    /// The request that is being measured: one at a time.
    private var probe: (id: UInt32, sentAt: Duration)?

    /// Takes note of a request that is being sent.
    mutating func noteRequest(_ id: UInt32, payloadBytes: Int, now: Duration) {
        requestCount += 1
        if probe == nil, payloadBytes == 0 { probe = (id, now) }
    }

    /// Takes note of a reply.
    mutating func noteReply(to id: UInt32, now: Duration) {
        guard let probe, probe.id == id else { return }
        self.probe = nil
        let measured = now - probe.sentAt
        // As TCP smooths its own (RFC 6298): an eighth of what is new.
        roundTrip = roundTrip.map { $0 + (measured - $0) / 8 } ?? measured
        leastRoundTrip = leastRoundTrip.map { min($0, measured) } ?? measured
    }
}

/// How many bytes there have been, and how many of late.
public struct ByteCount: Sendable {
    /// The time over which the rate is taken.
    private static let seconds = 5

    /// All of them.
    public private(set) var total: UInt64 = 0
    /// The bytes of the latest seconds: of the second `latest`, and of those before it.
    private var recent = [UInt64](repeating: 0, count: seconds)
    private var latest = 0

    /// Takes note of some.
    mutating func add(_ count: Int, now: Duration) {
        total += UInt64(count)
        advance(to: Int(now.components.seconds))
        recent[latest % Self.seconds] += UInt64(count)
    }

    /// Bytes a second, over the last five seconds.
    public func rate(now: Duration) -> Double {
        var copy = self
        copy.advance(to: Int(now.components.seconds))
        return Double(copy.recent.reduce(0, +)) / Double(Self.seconds)
    }

    private mutating func advance(to second: Int) {
        guard second > latest else { return }
        for passed in max(latest + 1, second - Self.seconds + 1)...second {
            recent[passed % Self.seconds] = 0
        }
        latest = second
    }
}

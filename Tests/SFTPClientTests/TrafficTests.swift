// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SFTPClient

@Suite struct TrafficTests {
    @Test func forgetsWhatIsLongerAgoThanFiveSeconds() {
        var count = ByteCount()
        count.add(1000, now: .seconds(10))
        count.add(500, now: .seconds(12))
        #expect(count.total == 1500)
        #expect(count.rate(now: .seconds(12)) == 300)
        #expect(count.rate(now: .milliseconds(15_500)) == 100)
        #expect(count.rate(now: .seconds(17)) == 0)
        count.add(5, now: .seconds(100_000))
        #expect(count.rate(now: .seconds(100_000)) == 1)
    }

    @Test func measuresOneRequestAtATime() {
        var traffic = Traffic()
        traffic.noteRequest(1, payloadBytes: 32_768, now: .zero)
        traffic.noteRequest(2, payloadBytes: 0, now: .seconds(1))
        traffic.noteRequest(3, payloadBytes: 0, now: .seconds(2))
        traffic.noteReply(to: 1, now: .seconds(3))
        traffic.noteReply(to: 3, now: .seconds(4))
        #expect(traffic.roundTrip == nil)
        traffic.noteReply(to: 2, now: .seconds(5))
        #expect(traffic.roundTrip == .seconds(4))
        traffic.noteRequest(4, payloadBytes: 0, now: .seconds(5))
        traffic.noteReply(to: 4, now: .milliseconds(5800))
        #expect(traffic.roundTrip == .milliseconds(3600))
        #expect(traffic.requestCount == 4)
    }
}

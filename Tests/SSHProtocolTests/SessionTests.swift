// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import SSHProtocol
import Testing
import Wire

@Suite struct SessionTests {
    /// Sends `count` bytes each way and checks that they arrive.
    private func transfer(_ pair: inout Pair, on id: ChannelID, count: Int) {
        let up = SeededRandom(seed: 7).bytes(min(count, 4096))
        let down = SeededRandom(seed: 8).bytes(min(count, 4096))
        var received = (up: 0, down: 0)
        var isIntact = true
        for start in stride(from: 0, to: count, by: 4096) {
            pair.client.send([up.prefix(count - start)], on: id)
            pair.server.send([down.prefix(count - start)], on: id)
        }
        pair.client.sendEndOfData(on: id)
        pair.server.sendEndOfData(on: id)
        var ends = 0
        var isBusy = true
        while isBusy {
            isBusy = pair.step()
            for event in pair.clientEvents {
                switch event {
                case .channel(id, .data(let data)):
                    isIntact = isIntact && matches(data, down, at: received.down)
                    received.down += data.count
                    pair.client.consumed(data.count, on: id)
                case .channel(id, .endOfData): ends += 1
                default: Issue.record("client: \(event)")
                }
            }
            for event in pair.serverEvents {
                switch event {
                case .channel(id, .data(let data)):
                    isIntact = isIntact && matches(data, up, at: received.up)
                    received.up += data.count
                    pair.server.consumed(data.count, on: id)
                case .channel(id, .endOfData): ends += 1
                default: Issue.record("server: \(event)")
                }
            }
            pair.clientEvents = []
            pair.serverEvents = []
        }
        #expect(isIntact)
        #expect(received.up == count)
        #expect(received.down == count)
        #expect(ends == 2)
    }

    /// Whether `data` is what stands at `offset` in endless repetitions of `pattern`.
    private func matches(_ data: Bytes, _ pattern: [UInt8], at offset: Int) -> Bool {
        var position = offset % pattern.count
        var rest = data
        while !rest.isEmpty {
            let part = pattern[position...].prefix(rest.count)
            guard rest.prefix(part.count).elementsEqual(part) else { return false }
            rest = rest.dropFirst(part.count)
            position = 0
        }
        return true
    }

    private func finish(_ pair: inout Pair, on id: ChannelID) {
        pair.server.sendExitStatus(3, on: id)
        pair.server.close(id, discardingUnsentData: false)
        pair.settle()
        guard case .channel(id, .exitStatus(3))? = pair.clientEvents.first,
            case .channel(id, .closed)? = pair.clientEvents.last,
            case .channel(id, .closed)? = pair.serverEvents.last
        else {
            Issue.record("\(pair.clientEvents) \(pair.serverEvents)")
            return
        }
        pair.client.disconnect(reason: "done")
        pair.settle()
        #expect(pair.clientEnd?.code == .closedByOwner)
        #expect(pair.serverEnd?.code == .disconnectedByPeer(.byApplication))
    }

    private func runSession(_ pair: consuming Pair, count: Int) throws {
        try pair.connect()
        let id = try pair.openSubsystem()
        transfer(&pair, on: id, count: count)
        finish(&pair, on: id)
    }

    @Test func carriesTenMegabytesEachWay() throws {
        try runSession(Pair(), count: 10_000_000)
    }

    @Test func worksByteByByte() throws {
        var pair = Pair()
        pair.chunk = 1
        try runSession(pair, count: 100_000)
    }

    /// With one byte of room at a time, only one packet is sealed.
    @Test(arguments: [1, 256 * 1024])
    func worksWithKeysForEachPacket(maximumOutput: Int) throws {
        let limits = RekeyLimits(bytes: 1)
        var pair = Pair(
            client: SSHClientConfiguration(user: "alice", rekey: limits),
            server: SSHServerConfiguration(hostKeys: [TestKeys.ed25519], rekey: limits))
        pair.maximumOutput = maximumOutput
        try runSession(pair, count: 1_000_000)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@testable import SSHProtocol

/// What decides about compression, without a link.
@Suite struct CompressionSteeringTests {
    /// Sends so many bytes in packets that shrink to a ratio, over a link that carries `rate` compressed
    /// bytes a second, with the given seconds for each byte at each level.
    private func send(
        _ count: Int, ratio: Double, rate: Double, by steering: inout DeflateSteering,
        now: inout Duration, cost: [Int32: Double] = [0: 0, 1: 10e-9, 6: 40e-9]
    ) -> [Int32] {
        var levels: [Int32] = []
        let batch = 128 << 10
        for _ in 0..<(count / batch) {
            var (output, effort) = (0.0, 0.0)
            for _ in 0..<4 {
                let level = steering.level
                levels.append(level)
                let size = Double(batch / 4)
                output += level == 0 ? size : size * ratio
                effort += size * (cost[level] ?? 0)
                steering.note(input: batch / 4, output: Int(level == 0 ? size : size * ratio))
            }
            // Whichever takes longer holds the other up.
            now += .seconds(max(effort, output / rate))
            steering.note(effort: .seconds(effort), now: now)
        }
        return levels
    }

    @Test func dataThatDoNotShrinkAreOnlyWrappedAndTriedMoreAndMoreSeldom() {
        var (steering, now) = (DeflateSteering(), Duration.zero)
        let levels = send(256 << 20, ratio: 1.001, rate: 1e6, by: &steering, now: &now)
        let tried = levels.count { $0 != 0 }
        #expect(tried > 60 && tried < 200)
        #expect(levels[100] == 0)
        // When they shrink again, that is found.
        _ = send(128 << 20, ratio: 0.3, rate: 1e6, by: &steering, now: &now)
        #expect(steering.level == 6)
        // And the next ones that don't are not spared a trial for long.
        let again = send(4 << 20, ratio: 1.001, rate: 1e6, by: &steering, now: &now)
        #expect(again.last == 0 && again.count { $0 != 0 } < 20)
    }

    @Test func aSlowLinkGetsTheUsualLevelThroughout() {
        var (steering, now) = (DeflateSteering(), Duration.zero)
        let levels = send(64 << 20, ratio: 0.4, rate: 1.25e6, by: &steering, now: &now)
        #expect(levels.allSatisfy { $0 == 6 })
    }

    @Test func aLinkThatOutrunsUsGetsALowerLevelAndThenDataAsTheyAre() {
        var (steering, now) = (DeflateSteering(), Duration.zero)
        let levels = send(64 << 20, ratio: 0.4, rate: 1e9, by: &steering, now: &now)
        #expect(levels.first == 6 && levels.contains(1) && steering.level == 0)
        // A socket and the server's window take that much of any link.
        let sent = levels.prefix { $0 == 6 }.count * (32 << 10)
        #expect(Double(sent) * 0.4 >= Double(DeflateSteering.proof))
        // The link becomes slower.
        _ = send(16 << 20, ratio: 0.4, rate: 1e6, by: &steering, now: &now)
        #expect(steering.level == 6)
    }

    @Test func aLinkBetweenGetsTheLevelBetween() {
        var (steering, now) = (DeflateSteering(), Duration.zero)
        // 25 MB/s of data at level 6, 30 % of the time at level 1.
        _ = send(128 << 20, ratio: 0.4, rate: 12e6, by: &steering, now: &now)
        #expect(steering.level == 1)
    }

    // MARK: What is received

    /// Text of few letters that shrinks to about 40 %.
    private static let text: Bytes = SeededRandom(seed: 3).bytes(32 << 10).map { 0x61 + $0 % 8 }[
        ...]

    /// Data in which nothing repeats.
    private static func noise() -> Bytes { SeededRandom(seed: 7).bytes(32 << 10)[...] }

    private func receive(
        _ count: Int, _ payload: Bytes, ratio: Double = 1, rate: Double,
        by steering: inout InflateSteering, now: inout Duration
    ) -> Bool? {
        for _ in 0..<(count / payload.count) {
            let wire = Int(Double(payload.count) * ratio)
            now += .seconds(Double(wire) / rate)
            steering.bytesCame(now: now)
            steering.note(payload, wireCount: wire)
            if let wish = steering.takeWish(now: now) { return wish }
        }
        return nil
    }

    private func uncompressed() -> InflateSteering {
        var steering = InflateSteering()
        steering.keysInstalled(isCompressed: false, isPossible: true)
        return steering
    }

    @Test func compressionIsWishedForOnASlowLinkWithDataThatShrink() {
        var (steering, now) = (uncompressed(), Duration.zero)
        #expect(receive(4 << 20, Self.text, rate: 1e6, by: &steering, now: &now) == true)
        (steering, now) = (uncompressed(), Duration.zero)
        #expect(receive(4 << 20, Self.noise(), rate: 1e6, by: &steering, now: &now) == nil)
        #expect(receive(16 << 20, Self.text, rate: 100e6, by: &steering, now: &now) == nil)
        // Small messages say nothing of the link.
        #expect(receive(4 << 20, Self.text.prefix(200), rate: 1e5, by: &steering, now: &now) == nil)
    }

    @Test func itIsGivenUpWhereItDoesNotHelpAndAfterAMinuteOnly() {
        var (steering, now) = (uncompressed(), Duration.zero)
        #expect(receive(4 << 20, Self.text, rate: 1e6, by: &steering, now: &now) == true)
        let start = now
        steering.keysInstalled(isCompressed: true, isPossible: true)
        #expect(
            receive(8 << 20, Self.text, ratio: 0.3, rate: 1e6, by: &steering, now: &now) == nil)
        #expect(
            receive(256 << 20, Self.noise(), ratio: 1.001, rate: 1e6, by: &steering, now: &now)
                == false)
        #expect(now - start >= InflateSteering.leastTime)
        #expect(now - start < InflateSteering.leastTime + .seconds(5))
    }

    @Test func itIsGivenUpWhereDataCameFasterWithout() {
        var (steering, now) = (uncompressed(), Duration.zero)
        #expect(receive(4 << 20, Self.text, rate: 10e6, by: &steering, now: &now) == true)
        steering.keysInstalled(isCompressed: true, isPossible: true)
        // 1 MB/s on the wire are 4 MB/s of data: the server can't compress faster.
        let wish = receive(1 << 30, Self.text, ratio: 0.25, rate: 1e6, by: &steering, now: &now)
        #expect(wish == false)
        steering.keysInstalled(isCompressed: false, isPossible: true)
        // It is known now that this is the faster way.
        #expect(receive(1 << 30, Self.text, rate: 10e6, by: &steering, now: &now) == nil)
    }

    @Test func aServerThatDoesNotDoItIsNotAskedAgain() {
        var (steering, now) = (uncompressed(), Duration.zero)
        #expect(receive(4 << 20, Self.text, rate: 1e6, by: &steering, now: &now) == true)
        steering.keysInstalled(isCompressed: false, isPossible: true)
        #expect(receive(128 << 20, Self.text, rate: 1e6, by: &steering, now: &now) == nil)
        steering = InflateSteering()
        steering.keysInstalled(isCompressed: false, isPossible: false)
        #expect(receive(4 << 20, Self.text, rate: 1e6, by: &steering, now: &now) == nil)
    }

    // MARK: In a connection

    private func compression(
        _ pair: borrowing Pair
    ) -> (clientToServer: CompressionAlgorithm?, serverToClient: CompressionAlgorithm?) {
        let algorithms = pair.client.negotiatedAlgorithms
        return (algorithms?.clientToServer.compression, algorithms?.serverToClient.compression)
    }

    /// Has the server send data at a rate, and expects them to arrive as they were.
    ///
    /// - Returns: how many bytes came over the wire.
    private func serve(
        _ payload: Bytes, times: Int, rate: Double, _ pair: inout Pair, _ id: ChannelID
    ) -> Int {
        let start = pair.bytesToClient
        for _ in 0..<times {
            let before = pair.bytesToClient
            pair.server.send([payload], on: id)
            pair.settle()
            pair.now += .seconds(Double(pair.bytesToClient - before) / rate)
            var received: [UInt8] = []
            for case .channel(id, .data(let bytes)) in pair.clientEvents { received += bytes }
            #expect(received[...] == payload)
            pair.client.consumed(received.count, on: id)
            pair.clientEvents = []
        }
        pair.settle()
        return pair.bytesToClient - start
    }

    @Test func theServersDirectionChangesByKeyExchangesAndOursWithout() throws {
        var preferences = AlgorithmPreferences(compression: [.zlibOpenSSH, .none])
        preferences.steersCompression = true
        var pair = Pair(
            client: SSHClientConfiguration(user: "alice", algorithms: preferences),
            server: SSHServerConfiguration(hostKeys: [TestKeys.ed25519]))
        try pair.connect()
        #expect(compression(pair).clientToServer == .zlibOpenSSH)
        #expect(
            compression(pair).serverToClient
                == CompressionAlgorithm.none)
        let id = try pair.openSubsystem()

        _ = serve(Self.text, times: 100, rate: 1e6, &pair, id)
        #expect(compression(pair).serverToClient == .zlibOpenSSH)
        let packed = serve(Self.text, times: 100, rate: 1e6, &pair, id)
        #expect(packed < 100 * Self.text.count / 2)
        pair.now += .seconds(61)
        _ = serve(Self.noise(), times: 100, rate: 1e6, &pair, id)
        // It repeats itself, but too far back for zlib's window.
        #expect(
            compression(pair).serverToClient
                == CompressionAlgorithm.none)

        for piece in [Self.noise(), Self.text, Self.noise(), Self.noise(), Self.text] {
            for _ in 0..<20 {
                pair.client.send([piece], on: id)
                pair.settle()
                var received: [UInt8] = []
                for case .channel(id, .data(let bytes)) in pair.serverEvents { received += bytes }
                #expect(received[...] == piece)
                pair.server.consumed(received.count, on: id)
                pair.serverEvents = []
            }
        }
        #expect(pair.clientEnd == nil && pair.serverEnd == nil)
    }
}

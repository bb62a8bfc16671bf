// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EventLoop

/// What counts as a change of the network, and as a sleep.
@Suite struct NetworkWatchTests {
    /// A message of rtnetlink.
    private static func message(_ type: UInt16, _ body: [UInt32]) -> [UInt8] {
        let words = [UInt32(16 + 4 * body.count), UInt32(type), 0, 0] + body
        return words.flatMap { word in (0..<4).map { UInt8(word.littleEndian >> (8 * $0) & 0xFF) } }
    }

    private static func link(_ index: UInt32, flags: UInt32) -> [UInt8] {
        message(16, [0, index, flags, 0])
    }

    /// Which of the datagrams tell of a change, one after the other.
    private static func changes(_ datagrams: [[UInt8]]) -> [Bool] {
        var states = InterfaceStates()
        return datagrams.map { states.takeChange($0[...]) }
    }

    @Test(arguments: [UInt16(20), 21, 24, 25])
    func addressesAndRoutesAreChanges(type: UInt16) {
        #expect(Self.changes([Self.message(type, [1, 2, 3])]) == [true])
    }

    @Test func linkThatIsToldOfAgainIsNoChange() {
        let up: UInt32 = 1 | 1 << 6 | 1 << 16
        let link = Self.link(3, flags: up)
        let withoutCarrier = Self.link(3, flags: 1)
        let two = link + Self.link(4, flags: up)
        #expect(
            Self.changes([link, link, withoutCarrier, link, two, two])
                == [true, false, true, true, true, false])
    }

    @Test(
        arguments: [
            [], [1, 2, 3], [UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xFF, count: 64),
            Array(message(16, [0, 1, 1, 0]).dropLast()), message(16, []), message(99, [1, 2]),
        ] as [[UInt8]])
    func whatIsNoMessageIsNoChange(bytes: [UInt8]) {
        #expect(Self.changes([bytes]) == [false])
    }

    @Test func listensToTheKernel() throws {
        let loop = try EpollLoop()
        try loop.run { () async throws -> Void in
            let watch = try NetworkWatch(loop) {}
            await watch.stop()
            let sleep = try SleepWatch(loop) {}
            await sleep.stop()
        }
    }

    @Test func onlyTimeThatOneClockLacksIsSleep() {
        var meter = SleepMeter(awake: .seconds(100), total: .seconds(150))
        let sleeps = [(200, 250), (201, 300), (202, 301)].map { times in
            meter.hasSlept(awake: .seconds(times.0), total: .seconds(times.1))
        }
        #expect(sleeps == [false, true, false])
        let isTooShort = !meter.hasSlept(
            awake: .seconds(203), total: .seconds(302) + .milliseconds(500))
        #expect(isTooShort)
    }
}

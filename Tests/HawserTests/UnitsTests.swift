// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import hawser

@Suite struct UnitsTests {
    @Test(arguments: [
        (Duration.microseconds(12), "12 us"), (.microseconds(1250), "1.2 ms"),
        (.milliseconds(250), "250 ms"), (.seconds(59), "59 s"), (.seconds(125), "2 min"),
        (.seconds(7262), "2 h 1 min"), (.seconds(176_400), "2 days 1 h"),
    ])
    func writesATimeInTheUnitThatFits(time: Duration, text: String) {
        #expect(time.inWords == text)
    }

    @Test(arguments: [
        (UInt64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
        (200 << 20, "200 MiB"), (.max, "16.0 EiB"),
    ])
    func writesAnAmountInTheUnitThatFits(amount: UInt64, text: String) {
        #expect(amount.inBytes == text)
    }
}

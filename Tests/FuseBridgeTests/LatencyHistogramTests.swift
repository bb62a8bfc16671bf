// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FuseBridge

@Suite struct LatencyHistogramTests {
    @Test func hasNoQuantileOfNothing() {
        #expect(LatencyHistogram().quantile(0.5) == nil)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 100, 1000, 123_456, 60_000_000, 1 << 36])
    func tellsATimeUpToAnEighth(microseconds: Int) throws {
        var histogram = LatencyHistogram()
        histogram.add(.microseconds(microseconds))
        let told = Int(try #require(histogram.quantile(0.5)) / .microseconds(1))
        #expect(told > microseconds && told <= microseconds + microseconds / 8 + 1)
    }

    @Test func tellsQuantiles() throws {
        var histogram = LatencyHistogram()
        for _ in 0..<98 { histogram.add(.microseconds(3)) }
        for _ in 0..<2 { histogram.add(.seconds(1)) }
        #expect(histogram.count == 100)
        #expect(histogram.quantile(0) == .microseconds(4))
        #expect(histogram.quantile(0.5) == .microseconds(4))
        #expect(histogram.quantile(0.98) == .microseconds(4))
        #expect(try #require(histogram.quantile(0.99)) >= .seconds(1))
    }

    @Test(arguments: [Duration.seconds(-5), .seconds(10_000_000_000)])
    func takesAnyTime(latency: Duration) {
        var histogram = LatencyHistogram()
        histogram.add(latency)
        #expect(histogram.quantile(1) != nil)
    }
}

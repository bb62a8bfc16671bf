// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures pieces of work and prints a line for each: nanoseconds and allocations of one execution.
struct Meter {
    /// How long one sample takes at least; 0 takes one execution as a sample, which only shows that it works.
    let nanosecondsPerSample: UInt64
    private static let sampleCount = 7
    private let allocations = AllocationCounter()

    init(nanosecondsPerSample: UInt64) {
        self.nanosecondsPerSample = nanosecondsPerSample
        print("name, ns (median), ns (least), allocations")
    }

    /// - Parameter work: executes what is measured as many times as it is told.
    func measure(_ name: String, _ work: (Int) throws -> Void) rethrows {
        try work(1)
        var count = 1
        while true {
            let taken = try nanoseconds { try work(count) }
            if taken >= nanosecondsPerSample { break }
            count *= 2
        }
        var samples: [Double] = []
        samples.reserveCapacity(Self.sampleCount)
        let allocationsBefore = allocations.count
        for _ in 0..<Self.sampleCount {
            samples.append(Double(try nanoseconds { try work(count) }) / Double(count))
        }
        let total = Double(allocations.count - allocationsBefore)
        samples.sort()
        let each = total / Double(count * Self.sampleCount)
        print(
            "\(name), \(rounded(samples[samples.count / 2])), \(rounded(samples[0])), \(rounded(each))"
        )
    }

    private func nanoseconds(_ work: () throws -> Void) rethrows -> UInt64 {
        let begin = ContinuousClock.now
        try work()
        let taken = (ContinuousClock.now - begin).components
        return UInt64(taken.seconds) * 1_000_000_000 + UInt64(taken.attoseconds / 1_000_000_000)
    }

    private func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}

/// What Benchmarks/micro has counted: it preloads functions around malloc.
struct AllocationCounter {
    private typealias Function = @convention(c) () -> UInt64
    private let function: Function?

    init() {
        let symbol = unsafe dlsym(nil, "hawser_allocations")
        function = unsafe symbol.map { unsafe unsafeBitCast($0, to: Function.self) }
    }

    /// How often memory was taken; 0 without what counts it.
    var count: UInt64 { function?() ?? 0 }
}

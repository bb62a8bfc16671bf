// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import SFTPServer

// Times and amounts, as people read them.

extension Duration {
    /// As a number of seconds.
    var seconds: Double { self / .seconds(1) }

    /// In the unit that fits, such as `1.3 ms`, `12 s` or `3 h 12 min`.
    var inWords: String {
        let whole = Int(components.seconds)
        switch self {
        case ..<Duration.milliseconds(1): return "\(Int(self / .microseconds(1))) us"
        case ..<Duration.milliseconds(100):
            let tenths = Int(self / .microseconds(100))
            return "\(tenths / 10).\(tenths % 10) ms"
        case ..<Duration.seconds(2): return "\(Int(self / .milliseconds(1))) ms"
        case ..<Duration.seconds(120): return "\(whole) s"
        case ..<Duration.seconds(7200): return "\(whole / 60) min"
        case ..<Duration.seconds(172_800): return "\(whole / 3600) h \(whole / 60 % 60) min"
        default: return "\(whole / 86_400) days \(whole / 3600 % 24) h"
        }
    }
}

extension UInt64 {
    /// As an amount of bytes in the unit that fits, such as `1.2 GiB`.
    var inBytes: String {
        var value = Double(self)
        var units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][...]
        while value >= 1024, units.count > 1 {
            value /= 1024
            units.removeFirst()
        }
        let unit = units.first ?? ""
        if unit == "B" || value >= 100 { return "\(Int(value)) \(unit)" }
        let tenths = Int(value * 10)
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
}

/// An amount of bytes, as people write it: a number, and a unit of it, `K`, `M`, `G` or `T`, powers of 1024.
struct ByteCount: ExpressibleByArgument, Equatable {
    let count: UInt64

    init?(argument: String) {
        guard let count = UInt64(amount: argument) else { return nil }
        self.count = count
    }
}

// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

/// Where random bytes come from: called with a count, gives that many.
///
/// The protocol core draws none itself, so that a test can give it the same ones again.
public typealias RandomSource = @Sendable (_ count: Int) -> [UInt8]

/// Draws random bytes in blocks: each packet needs a few for its padding.
struct RandomPool {
    private let source: RandomSource
    private var block: Bytes = []

    init(_ source: @escaping RandomSource) { self.source = source }

    /// Bytes for a private key, which stand nowhere else.
    func takeSecret(_ count: Int) -> SecretBytes {
        var bytes = source(count)
        precondition(bytes.count == count, "the random source gave another count")
        defer { wipe(&bytes) }
        return SecretBytes(copying: bytes)
    }

    /// The next `count` bytes, for padding and other things that may be seen.
    mutating func take(_ count: Int) -> Bytes {
        if block.count < count {
            block = source(max(count, Self.blockBytes))[...]
            precondition(block.count >= count, "the random source gave too little")
        }
        defer { block = block.dropFirst(count) }
        return block.prefix(count)
    }

    private static let blockBytes = 4096
}

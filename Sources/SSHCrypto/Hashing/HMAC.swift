// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Keyed hashes of whole messages (RFC 2104); one serves for many messages and keys.
public struct HMAC: ~Copyable, Sendable {
    private let context: MACContext

    /// HMAC with a hash function.
    public init(_ algorithm: HashAlgorithm) {
        context = .hmac(algorithm.name, tagCount: algorithm.digestCount)
    }

    /// The code of `data`.
    public borrowing func code(key: Span<UInt8>, data: Span<UInt8>) -> [UInt8] {
        context.start(key: key)
        context.update(data)
        return [UInt8](capacity: context.tagCount) { context.finish(into: &$0) }
    }

    /// Whether `code` is that of `data`, in a time that does not tell where they differ.
    public borrowing func isCode(
        _ code: Span<UInt8>, key: Span<UInt8>, data: Span<UInt8>
    ) -> Bool {
        context.start(key: key)
        context.update(data)
        return context.finish(matches: code)
    }

    /// The code of one message.
    public static func code(_ algorithm: HashAlgorithm, key: Bytes, data: Bytes) -> [UInt8] {
        HMAC(algorithm).code(key: key.span, data: data.span)
    }
}

// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Keyed hashes of whole messages (RFC 2104).
public enum HMAC {
    /// HMAC with one of the current hash functions.
    public static func code(_ algorithm: HashAlgorithm, key: Bytes, data: Bytes) -> [UInt8] {
        let context =
            switch algorithm {
            case .sha256: MACContext.hmac("SHA256", tagCount: algorithm.digestCount)
            case .sha384: MACContext.hmac("SHA384", tagCount: algorithm.digestCount)
            case .sha512: MACContext.hmac("SHA512", tagCount: algorithm.digestCount)
            }
        return code(context, key: key, data: data)
    }

    /// HMAC-SHA1, for the hashed host names of known_hosts files, which know no other.
    public static func sha1(key: Bytes, data: Bytes) -> [UInt8] {
        code(MACContext.hmac("SHA1", tagCount: 20), key: key, data: data)
    }

    private static func code(
        _ context: borrowing MACContext, key: Bytes, data: Bytes
    ) -> [UInt8] {
        SecretBytes(copying: key).withSpan { context.start(key: $0) }
        context.update(data.span)
        return [UInt8](capacity: context.tagCount) { context.finish(into: &$0) }
    }
}

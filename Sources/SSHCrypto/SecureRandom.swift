// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Randomness for keys, from libcrypto's generator, which the operating system seeds.
///
/// For the callers above the protocol cores: those draw none themselves.
public enum SecureRandom {
    /// `count` random bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](capacity: count) { fill(&$0, count: count) }
    }

    /// `count` random bytes for private keys.
    public static func secret(_ count: Int) -> SecretBytes {
        SecretBytes(count: count) { fill(&$0, count: count) }
    }

    private static func fill(_ output: inout OutputSpan<UInt8>, count: Int) {
        unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
            mustSucceed(unsafe RAND_bytes(buffer.baseAddress, Int32(count)), "random bytes")
            initializedCount = count
        }
    }
}

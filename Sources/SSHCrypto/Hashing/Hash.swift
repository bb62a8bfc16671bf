// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto
public import Wire

/// A digest in the making: fed piece by piece, then finished once.
@safe public struct Hash: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    /// The function that this computes.
    public let algorithm: HashAlgorithm

    /// Starts a digest of no bytes.
    public init(_ algorithm: HashAlgorithm) {
        self.algorithm = algorithm
        unsafe context = mustExist(EVP_MD_CTX_new(), "a digest context")
        mustSucceed(
            unsafe EVP_DigestInit_ex2(context, algorithm.fetched.pointer, nil), "a digest")
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// Goes on with `data`.
    public mutating func update(_ data: Span<UInt8>) {
        unsafe data.withUnsafeBufferPointer { buffer in
            mustSucceed(
                unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count), "a digest")
        }
    }

    /// Goes on with `data`.
    public mutating func update(_ data: Bytes) {
        update(data.span)
    }

    /// Goes on with a secret.
    public mutating func update(_ secret: borrowing SecretBytes) {
        secret.withSpan { update($0) }
    }

    /// The digest of everything that was fed.
    public consuming func finalize() -> [UInt8] {
        [UInt8](capacity: algorithm.digestCount) { finish(into: &$0) }
    }

    /// The digest of everything that was fed, as key material.
    public consuming func finalizeSecret() -> SecretBytes {
        SecretBytes(count: algorithm.digestCount) { finish(into: &$0) }
    }

    private borrowing func finish(into output: inout OutputSpan<UInt8>) {
        precondition(output.freeCapacity >= algorithm.digestCount)
        unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
            let end = unsafe buffer.baseAddress.map { unsafe $0 + initializedCount }
            mustSucceed(unsafe EVP_DigestFinal_ex(context, end, nil), "a digest")
            initializedCount += algorithm.digestCount
        }
    }
}

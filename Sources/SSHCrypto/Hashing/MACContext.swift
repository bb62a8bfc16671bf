// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// A libcrypto MAC that is computed over and over: start, update, finish.
///
/// The key goes in at every start. Starting again with the kept key would save some small
/// allocations, but libcrypto before 3.0.3 then computes a wrong HMAC (openssl issue 17811), and
/// Poly1305 changes its key anyway.
@safe struct MACContext: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    /// The length of a whole tag in bytes.
    let tagCount: Int

    static func hmac(_ digestName: String, tagCount: Int) -> MACContext {
        MACContext(fetchedHMAC, digestName: digestName, tagCount: tagCount)
    }

    static func poly1305() -> MACContext {
        MACContext(fetchedPoly1305, digestName: nil, tagCount: 16)
    }

    private static let fetchedHMAC = FetchedAlgorithm.mac("HMAC")
    private static let fetchedPoly1305 = FetchedAlgorithm.mac("POLY1305")

    private init(_ algorithm: FetchedAlgorithm, digestName: String?, tagCount: Int) {
        self.tagCount = tagCount
        unsafe context = mustExist(EVP_MAC_CTX_new(algorithm.pointer), "a MAC context")
        guard let digestName else { return }
        mustSucceed(unsafe clibcrypto_mac_set_digest(context, digestName), "a MAC's digest")
    }

    deinit {
        unsafe EVP_MAC_CTX_free(context)
    }

    /// Begins a tag over no bytes.
    func start(key: Span<UInt8>) {
        unsafe key.withUnsafeBufferPointer { key in
            mustSucceed(unsafe EVP_MAC_init(context, key.baseAddress, key.count, nil), "a MAC key")
        }
    }

    func update(_ data: Span<UInt8>) {
        unsafe data.withUnsafeBufferPointer { data in
            mustSucceed(unsafe EVP_MAC_update(context, data.baseAddress, data.count), "a MAC")
        }
    }

    /// Appends the tag.
    func finish(into output: inout OutputSpan<UInt8>) {
        precondition(output.freeCapacity >= tagCount)
        unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
            let end = unsafe buffer.baseAddress.map { unsafe $0 + initializedCount }
            var written = 0
            mustSucceed(unsafe EVP_MAC_final(context, end, &written, tagCount), "a MAC")
            precondition(written == tagCount)
            initializedCount += written
        }
    }

    /// Whether the tag is `expected`, in a time that does not tell where they differ.
    func finish(matches expected: Span<UInt8>) -> Bool {
        var storage = InlineArray<64, UInt8>(repeating: 0)
        var tag = storage.mutableSpan
        return unsafe tag.withUnsafeMutableBufferPointer { tag in
            var written = 0
            mustSucceed(
                unsafe EVP_MAC_final(context, tag.baseAddress, &written, tag.count), "a MAC")
            return unsafe expected.withUnsafeBufferPointer { expected in
                guard expected.count == written else { return false }
                return unsafe CRYPTO_memcmp(tag.baseAddress, expected.baseAddress, written) == 0
            }
        }
    }
}

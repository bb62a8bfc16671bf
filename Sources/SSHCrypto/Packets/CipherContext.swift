// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// A keyed libcrypto cipher in one direction, kept for the life of the key.
@safe struct CipherContext: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer
    /// What libcrypto reads behind the pointer it is given.
    private let vectorCount: Int

    /// Takes the key, and an IV where the cipher runs on from packet to packet.
    init(
        _ algorithm: FetchedAlgorithm, key: Span<UInt8>, initializationVector: Span<UInt8>? = nil,
        encrypts: Bool
    ) {
        unsafe context = mustExist(EVP_CIPHER_CTX_new(), "a cipher context")
        mustSucceed(
            unsafe EVP_CipherInit_ex2(
                context, algorithm.pointer, nil, nil, encrypts ? 1 : 0, nil), "a cipher")
        precondition(key.count == Int(unsafe EVP_CIPHER_CTX_get_key_length(context)))
        // Whoever uses a block cipher here pads by itself. Others have no padding to switch off, and
        // would pay for it: libcrypto then says so to the cipher again with every packet.
        if unsafe EVP_CIPHER_CTX_get_block_size(context) > 1 {
            mustSucceed(unsafe EVP_CIPHER_CTX_set_padding(context, 0), "a cipher without padding")
        }
        vectorCount = Int(unsafe EVP_CIPHER_CTX_get_iv_length(context))
        unsafe key.withUnsafeBufferPointer { key in
            mustSucceed(
                unsafe EVP_CipherInit_ex2(context, nil, key.baseAddress, nil, -1, nil),
                "a cipher key")
        }
        if let initializationVector { restart(initializationVector: initializationVector) }
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Begins a message under the same key.
    func restart(initializationVector: Span<UInt8>) {
        precondition(initializationVector.count == vectorCount)
        unsafe initializationVector.withUnsafeBufferPointer { vector in
            mustSucceed(
                unsafe EVP_CipherInit_ex2(context, nil, nil, vector.baseAddress, -1, nil),
                "an initialization vector")
        }
    }

    /// Covers `data` by the tag without encrypting it.
    func authenticate(_ data: Span<UInt8>) {
        unsafe data.withUnsafeBufferPointer { data in
            var written: Int32 = 0
            mustSucceed(
                unsafe EVP_CipherUpdate(
                    context, nil, &written, data.baseAddress, Int32(data.count)), "a cipher")
        }
    }

    /// Appends `input`, encrypted or decrypted.
    ///
    /// Only for ciphers that give out as much as they take.
    func update(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) {
        precondition(output.freeCapacity >= input.count)
        guard !input.isEmpty else { return }
        unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
            let end = unsafe buffer.baseAddress.map { unsafe $0 + initializedCount }
            var written: Int32 = 0
            unsafe input.withUnsafeBufferPointer { input in
                mustSucceed(
                    unsafe EVP_CipherUpdate(
                        context, end, &written, input.baseAddress, Int32(input.count)), "a cipher")
                precondition(Int(written) == input.count)
            }
            initializedCount += Int(written)
        }
    }

    /// Encrypts or decrypts `bytes` where they stand.
    func update(inPlace bytes: inout MutableSpan<UInt8>) {
        unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            var written: Int32 = 0
            mustSucceed(
                unsafe EVP_CipherUpdate(
                    context, bytes.baseAddress, &written, bytes.baseAddress, Int32(bytes.count)),
                "a cipher")
            precondition(Int(written) == bytes.count)
        }
    }

    /// Ends an encrypted message and appends its tag.
    func finish(tagCount: Int, into output: inout OutputSpan<UInt8>) {
        precondition(output.freeCapacity >= tagCount)
        unsafe output.withUnsafeMutableBufferPointer { buffer, initializedCount in
            let end = unsafe buffer.baseAddress.map { unsafe $0 + initializedCount }
            var written: Int32 = 0
            mustSucceed(unsafe EVP_CipherFinal_ex(context, end, &written), "a cipher")
            precondition(written == 0)
            mustSucceed(unsafe clibcrypto_aead_get_tag(context, end, Int32(tagCount)), "a tag")
            initializedCount += tagCount
        }
    }

    /// Ends a decrypted message: whether its tag is `tag`.
    ///
    /// libcrypto compares in constant time.
    func finish(matches tag: Span<UInt8>) -> Bool {
        unsafe tag.withUnsafeBufferPointer { tag in
            mustSucceed(
                unsafe clibcrypto_aead_set_tag(context, tag.baseAddress, Int32(tag.count)), "a tag")
            var written: Int32 = 0
            var none: UInt8 = 0
            let isAuthentic = unsafe EVP_CipherFinal_ex(context, &none, &written) == 1
            if !isAuthentic { ERR_clear_error() }
            return isAuthentic
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import CLibCrypto

/// Bytes that must not outlive their use: keys, shared secrets, passwords.
///
/// There is one owner and one copy, outside of any array, and `deinit` overwrites it.
@safe public struct SecretBytes: ~Copyable, @unchecked Sendable {
    private let storage: UnsafeMutableBufferPointer<UInt8>

    /// How many bytes there are.
    public let count: Int

    /// Lets `body` write exactly `count` bytes.
    ///
    /// - Precondition: `body` fills the span.
    public init(count: Int, initializingWith body: (inout OutputSpan<UInt8>) -> Void) {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
        var output = unsafe OutputSpan(buffer: buffer, initializedCount: 0)
        body(&output)
        let written = unsafe output.finalize(for: buffer)
        precondition(written == count, "a secret was left incomplete")
        unsafe storage = buffer
        self.count = count
    }

    /// Copies `bytes`; the source stays the caller's to wipe.
    public init(copying bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { output in
            for byte in bytes { output.append(byte) }
        }
    }

    deinit {
        wipe()
        unsafe storage.deallocate()
    }

    /// Lends the bytes for reading.
    public borrowing func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe storage.span)
    }

    /// Overwrites every byte, in a way that the optimiser may not remove.
    borrowing func wipe() {
        unsafe OPENSSL_cleanse(storage.baseAddress, count)
    }
}

/// Overwrites bytes that held a secret, in a way that the optimiser may not remove.
func wipe(_ bytes: inout MutableSpan<UInt8>) {
    unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
}

/// Overwrites a slice that held a secret, as ``wipe(_:)-([UInt8])`` does.
public func wipe(_ bytes: inout ArraySlice<UInt8>) {
    var span = bytes.mutableSpan
    wipe(&span)
}

/// Overwrites an array that held a secret.
///
/// That reaches the secret only while nothing else shares the array's buffer.
public func wipe(_ bytes: inout [UInt8]) {
    var span = bytes.mutableSpan
    wipe(&span)
}

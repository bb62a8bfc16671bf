// SPDX-License-Identifier: Apache-2.0

/// A secret on its way: several may hold it, and it is overwritten when the last of them lets go.
///
/// There is one copy, which ``SecretBytes`` owns.
public final class Secret: Sendable {
    private let bytes: SecretBytes

    /// Takes over what is secret.
    public init(_ bytes: consuming SecretBytes) { self.bytes = bytes }

    /// Copies `bytes`; the source stays the caller's to wipe.
    public convenience init(copying bytes: some Collection<UInt8>) {
        self.init(SecretBytes(copying: bytes))
    }

    /// How many bytes there are.
    public var count: Int { bytes.count }

    /// Lends the secret itself.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (borrowing SecretBytes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// Lends the bytes for reading.
    public func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withSpan(body)
    }
}

extension Secret: Equatable {
    /// Whether both are the same, in a time that does not depend on where they differ.
    public static func == (left: Secret, right: Secret) -> Bool {
        guard left.count == right.count else { return false }
        return left.withSpan { left in
            right.withSpan { right in
                var difference: UInt8 = 0
                for index in left.indices { difference |= left[index] ^ right[index] }
                return difference == 0
            }
        }
    }
}

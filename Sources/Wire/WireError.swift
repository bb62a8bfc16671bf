// SPDX-License-Identifier: Apache-2.0

/// What is wrong with bytes that a peer sent.
///
/// Every case is the peer's fault: our own misuse of this module traps instead.
public enum WireError: Error, Equatable, Sendable {
    /// The data ends before the value does. `needed` bytes were asked for, `available` were left.
    case truncated(needed: Int, available: Int)
    /// A length or count is larger than the limit that holds for this field.
    case limitExceeded(length: Int, limit: Int)
    /// Bytes were left over after the last field of a message.
    case trailingBytes(Int)
    /// The bytes of a field break its format; the text says which rule.
    case malformed(String)
}

extension WireError: CustomStringConvertible {
    /// One line that says what is wrong, without any of the peer's bytes in it.
    public var description: String {
        switch self {
        case .truncated(let needed, let available):
            "truncated data: \(needed) bytes needed, \(available) left"
        case .limitExceeded(let length, let limit):
            "length \(length) exceeds the limit of \(limit)"
        case .trailingBytes(let count):
            "\(count) unexpected bytes after the end of the message"
        case .malformed(let reason):
            "malformed data: \(reason)"
        }
    }
}

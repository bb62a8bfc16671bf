// SPDX-License-Identifier: Apache-2.0

/// Why a packet was refused.
///
/// Each is fatal for the connection (RFC 4253 section 6).
public enum PacketError: Error, Equatable, Sendable {
    /// The length field is below the smallest or above the largest packet, or is not a multiple of
    /// the cipher's block length.
    case badLength(UInt32)
    /// The bytes given are not the one whole packet that its length field tells of.
    case wrongByteCount(expected: Int, actual: Int)
    /// The tag does not fit the packet: it was changed on its way, or is out of sequence.
    case authenticationFailed
    /// There is less padding than four bytes, or more than fits into the packet.
    case badPadding
}

extension PacketError: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .badLength(let length): "bad packet length \(length)"
        case .wrongByteCount(let expected, let actual):
            "packet of \(actual) bytes where \(expected) were expected"
        case .authenticationFailed: "corrupted packet: its authentication code is wrong"
        case .badPadding: "bad padding length"
        }
    }
}

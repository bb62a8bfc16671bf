// SPDX-License-Identifier: Apache-2.0

/// The sizes that hold for SFTP packets and their fields.
public enum SFTPLimits {
    /// The largest packet, in bytes, without its length field: OpenSSH's `SFTP_MAX_MSG_LENGTH`.
    public static let packetBytes = 256 * 1024
    /// The smallest packet: a type byte and an id (or, in INIT and VERSION, a version).
    public static let minimumPacketBytes = 5
    /// The largest READ and WRITE that OpenSSH's server takes, in bytes.
    ///
    /// Its packet limit with 1 KiB left for the other fields; announced by `limits@openssh.com`.
    public static let transferBytes = packetBytes - 1024
    /// The largest READ and WRITE, in bytes, to send where a server doesn't tell its limits.
    ///
    /// Every server must take packets of 34,000 bytes (SFTP draft version 3, section 3).
    public static let assumedTransferBytes = 32 * 1024
    /// The largest number of extended attributes in ATTRS: OpenSSH's own.
    public static let extendedAttributes = 0x10_0000
    /// The most extensions that are read of what a client announces in INIT; there is one that matters.
    static let clientExtensions = 64
    /// Neighbouring pieces of a packet are joined while they stay within this many bytes, so that a
    /// peer that sends byte by byte can't make us hold a buffer for each of them.
    static let joinedPieceBytes = 4096
}

// SPDX-License-Identifier: Apache-2.0

/// The limits that the client sets itself.
public enum ClientLimits {
    /// The most requests that are sent and not answered; what is beyond it waits its turn.
    ///
    /// Enough for 7 MiB in READs of 32 KiB beside other requests, and four times what OpenSSH's client sends at once.
    public static let requestsInFlight = 256
    /// How many of those are kept free of READs and WRITEs, for requests that need not wait behind them.
    public static let requestsBesideTransfers = 32
    /// The most bytes that the requests in flight carry or ask for.
    ///
    /// The most that OpenSSH lets the other side of an SSH channel send unasked.
    public static let bytesInFlight = 16 << 20
    /// Pieces of data with fewer bytes than this are joined.
    ///
    /// A page: less is not worth the buffer that a piece keeps, more not worth the copying.
    public static let smallPieceBytes = 4096
    /// The longest path, in bytes: Linux's `PATH_MAX` without the NUL.
    ///
    /// Other systems take less. A server's word for a longer one, BAD_MESSAGE, could mean anything. Two of them, for RENAME, fit
    /// in the smallest packet that every server takes: 34,000 bytes (SFTP draft version 3, section 3).
    public static let pathBytes = 4095
    /// The most extensions that a server may announce.
    ///
    /// OpenSSH's announces 11.
    public static let extensions = 256
    /// The most users and groups of one users-groups-by-id@openssh.com request.
    ///
    /// Names of 32 bytes each, Linux's longest, fit in a packet.
    public static let idsPerRequest = 4096
}

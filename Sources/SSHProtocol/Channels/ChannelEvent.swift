// SPDX-License-Identifier: Apache-2.0

public import Wire

/// What happens on a channel.
public enum ChannelEvent: Equatable, Sendable {
    /// The peer opened the channel that we asked for.
    case opened
    /// The peer did not open the channel: its last event. The text is the peer's, unescaped.
    case openFailed(ChannelOpenFailureReason, String)
    /// Data, never empty. It fills the receive window until it is reported as consumed.
    case data(Bytes)
    /// Data of another stream; type 1 is standard error (RFC 4254 section 5.2). It fills the same
    /// window.
    case extendedData(type: UInt32, Bytes)
    /// The peer sends no more data; requests may still come.
    case endOfData
    /// The peer's answer to the oldest unanswered request of ours.
    case requestAnswered(isSuccess: Bool)
    /// The program's exit status (RFC 4254 section 6.10).
    case exitStatus(UInt32)
    /// The program died of a signal (RFC 4254 section 6.10).
    case exitSignal(ExitSignal)
    /// The peer reads no more data: `eow@openssh.com`.
    case peerStoppedReading
    /// Both sides have closed the channel, or the peer has and our answer is on its way: the
    /// channel's last event.
    case closed
}

/// How a signal ended a program (RFC 4254 section 6.10).
public struct ExitSignal: Equatable, Sendable {
    /// The signal's name without "SIG".
    public var name: String
    /// Whether the program left a core file.
    public var dumpedCore: Bool
    /// A text of the peer's, unescaped.
    public var message: String

    /// A signal's report.
    public init(name: String, dumpedCore: Bool, message: String) {
        self.name = name
        self.dumpedCore = dumpedCore
        self.message = message
    }
}

// SPDX-License-Identifier: Apache-2.0

public import Wire

/// Something that takes bytes from a peer or from a file, to be fed with anything at all.
///
/// Bad input must be refused by a thrown error or an event. A trap, a hang or memory without bounds is a
/// finding, and so is a broken property that the target checks itself.
public struct FuzzTarget: Sendable {
    /// The name, as `Integration/suites/fuzz` says it.
    public let name: String
    /// Well-formed input to start from: made by our own encoders, so it is never out of date.
    public let seeds: @Sendable () -> [[UInt8]]
    /// Takes one input.
    public let run: @Sendable (Bytes) -> Void

    /// The targets that touch nothing outside of this process's memory.
    public static let pure: [FuzzTarget] = [
        sshClient, sshServer, sshClientMessages, sshServerMessages,
        sftpRequests, sftpReplies, sftpClient, sshConfig, knownHosts, keyFiles, revokedKeys,
        agentReplies, dnsReplies,
    ]
    /// The targets that act on files: only for a process in a ``Jail``.
    public static let jailed: [FuzzTarget] = [sftpServer]
}

/// A stream and the pieces in which it arrives: all of a size that the last byte of an input chooses.
func cut(_ input: Bytes) -> (stream: Bytes, pieces: [Bytes]) {
    guard let choice = input.last else { return ([], []) }
    let stream = input.dropLast()
    let size = pieceSizes[Int(choice) % pieceSizes.count]
    let pieces = stride(from: stream.startIndex, to: stream.endIndex, by: size).map {
        stream[$0..<min($0 + size, stream.endIndex)]
    }
    return (stream, pieces)
}

/// Piece sizes in bytes: those that split every field, and those that a payload spreads over.
let pieceSizes = [1, 2, 3, 7, 61, 1_000, 4_500, 9_000]

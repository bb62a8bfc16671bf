// SPDX-License-Identifier: Apache-2.0

import Glibc
import SFTPProtocol
import SFTPServer
import Wire

extension FuzzTarget {
    /// What a client sends to our SFTP server, which carries it out.
    ///
    /// Only for a process in a jail.
    static let sftpServer = FuzzTarget(
        name: "sftp-server",
        seeds: sftpRequests.seeds,
        run: { input in
            precondition(unsafe Jail.isEntered, "this would work on your files")
            let log = ServerLog(level: .debug3) { _, message in
                precondition(message.utf8.allSatisfy { $0 >= 0x20 }, "a log line that is no line")
            }
            let session = SFTPSession(
                SFTPSession.Configuration(
                    log: log, userName: Array("user".utf8)[...],
                    clientAddress: Array("192.0.2.1".utf8)[...], handleLimit: 100))
            var decoder = SFTPPacketDecoder()
            do {
                for piece in cut(input).pieces {
                    decoder.append(piece)
                    while let frame = try decoder.next() {
                        try session.receive(frame)
                        checkReplies(session.takeReplies())
                    }
                }
            } catch {
                // The session ends; what it has open is closed below.
            }
            session.close()
            Jail.empty()
        })
}

/// Replies are packets that a client can read, within the limit.
private func checkReplies(_ replies: [Bytes]) {
    var decoder = SFTPPacketDecoder()
    for bytes in replies { decoder.append(bytes) }
    do {
        while let frame = try decoder.next() { _ = try SFTPServerMessage(decoding: frame) }
    } catch {
        preconditionFailure("a reply that no client can read: \(error)")
    }
    precondition(decoder.isBetweenPackets, "half a reply")
}

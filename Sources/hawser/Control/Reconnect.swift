// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import EventLoop
import FuseBridge
import Wire

/// `hawser reconnect`.
struct Reconnect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconnect", abstract: "Connect again now.",
        discussion: """
            A connection on which the server answers is kept. Without a mount point, it is done for all \
            mounts of this user's, and for root's are everyone's.
            """, version: versionText)

    @Argument(help: "The directory it is mounted on.")
    var mountPoint: String?

    func run() throws {
        try tellEach(mountPoint) { try await $0.perform(.reconnect) }
    }
}

/// `hawser flush`.
struct Flush: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Wait until everything written is on the server.",
        discussion: """
            It is what fsync(2) does, for each open file. Without a mount point, it is done for all \
            mounts of this user's, and for root's are everyone's.
            """, version: versionText)

    @Argument(help: "The directory it is mounted on.")
    var mountPoint: String?

    func run() throws {
        try tellEach(mountPoint) { try await $0.perform(.flush) }
    }
}

/// Has each of the mounts that are meant do something, and prints what comes of it.
///
/// - Throws: `ExitCode` where it has failed for one.
private func tellEach(
    _ mountPoint: String?, _ order: @escaping @Sendable (AskedMount) async throws -> String
) throws {
    let loop = try EpollLoop()
    let mounts = try AskedMount.named(mountPoint, loop: loop)
    if mounts.isEmpty { print("nothing is mounted") }
    var hasFailed = false
    for mount in mounts {
        do {
            let answer = try loop.run { try await order(mount) }
            print("\(mount.title): \(TerminalText.message(answer))")
        } catch let error as MountError {
            hasFailed = true
            complain("\(mount.title): \(error)")
        }
    }
    if hasFailed { throw ExitCode.failure }
}

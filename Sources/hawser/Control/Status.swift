// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import EventLoop
import FuseBridge
import Glibc
import JSON
import Wire

/// `hawser status`.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tell how mounts are.",
        discussion: """
            Without a mount point, all mounts of this user's are told of, and root is told of everyone's.
            """, version: versionText)

    @Flag(help: "For programs: an array with an object for each mount.")
    var json = false

    @Argument(help: "The directory it is mounted on.")
    var mountPoint: String?

    func run() throws {
        let loop = try EpollLoop()
        let mounts = try AskedMount.named(mountPoint, loop: loop)
        if mounts.isEmpty, !json { print("nothing is mounted") }
        var values: [String] = []
        var hasFailed = false
        let request: ControlRequest = json ? .statusAsJSON : .status
        for mount in mounts {
            do {
                values.append(
                    try loop.run {
                        try await mount.ask(request, patience: AskedMount.promptAnswer)
                    })
            } catch let error as MountError {
                hasFailed = true
                values.append(
                    json ? "\(Self.json(of: mount.mount, error))" : "\(mount.title)\n  \(error)")
            }
        }
        let answer = json ? "[\(values.joined(separator: ","))]" : values.joined(separator: "\n\n")
        // What a mount says of itself may be another user's words.
        print(!json || isatty(STDOUT_FILENO) == 1 ? TerminalText.message(answer) : answer)
        if hasFailed { throw ExitCode.failure }
    }

    private static func json(of mount: MountTable.Mount, _ error: MountError) -> JSON {
        [
            "source": .string(mount.source), "mountpoint": .string(mount.mountPoint),
            "state": "unknown", "reason": .string("\(error)"),
        ]
    }
}

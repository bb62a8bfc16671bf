// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import EventLoop
import FuseBridge
import Glibc
import JSON
import MountControl
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

    /// How long a mount may take to answer.
    private static let patience = Duration.seconds(5)

    func run() throws {
        let loop = try EpollLoop()
        let mounts = try mounts()
        if mounts.isEmpty, !json { print("nothing is mounted") }
        var values: [String] = []
        var hasFailed = false
        for mount in mounts {
            let request: ControlRequest = json ? .statusAsJSON : .status
            switch ask(mount, request, loop) {
            case .success(let text): values.append(text)
            case .failure(let error):
                hasFailed = true
                values.append(json ? "\(Self.json(of: mount, error))" : Self.text(of: mount, error))
            }
        }
        let answer = json ? "[\(values.joined(separator: ","))]" : values.joined(separator: "\n\n")
        // What a mount says of itself may be another user's words.
        print(!json || isatty(STDOUT_FILENO) == 1 ? TerminalText.message(answer) : answer)
        if hasFailed { throw ExitCode.failure }
    }

    /// The mounts that are meant.
    private func mounts() throws -> [MountTable.Mount] {
        let table = MountTable.read()
        guard let name = mountPoint else {
            return table.mounts.filter {
                $0.isOurs && (geteuid() == 0 || $0.userID == geteuid())
            }
        }
        let path = try MountPoint(name).path
        guard let mount = table.mount(at: path), mount.isOurs else {
            throw MountError("\(path): nothing of ours is mounted there")
        }
        return [mount]
    }

    private func ask(
        _ mount: MountTable.Mount, _ request: ControlRequest, _ loop: EpollLoop
    ) -> Result<String, MountError> {
        let socket = ControlSocket(device: mount.device, user: mount.userID ?? geteuid())
        do {
            let reply = try loop.run {
                try await ControlClient(socket, loop: loop).ask(
                    request.rawValue, patience: Self.patience)
            }
            return reply.isSuccess ? .success(reply.text) : .failure(MountError(reply.text))
        } catch {
            return .failure(MountError("\(error)"))
        }
    }

    private static func text(of mount: MountTable.Mount, _ error: MountError) -> String {
        "\(TerminalText.line(mount.source)) on \(TerminalText.line(mount.mountPoint))\n  \(error)"
    }

    private static func json(of mount: MountTable.Mount, _ error: MountError) -> JSON {
        [
            "source": .string(mount.source), "mountpoint": .string(mount.mountPoint),
            "state": "unknown", "reason": .string("\(error)"),
        ]
    }
}

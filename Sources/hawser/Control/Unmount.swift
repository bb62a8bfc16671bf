// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import CLinux
import EventLoop
import FuseBridge
import Glibc
import RemoteFS
import Wire

/// `hawser unmount`.
struct Unmount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount", abstract: "Unmount what hawser has mounted.",
        discussion: "What has been written is on the server before; otherwise nothing is done.",
        version: versionText)

    @Flag(
        name: [.customShort("z"), .long],
        help: "Detach it now, even where it is in use or its server does not answer.")
    var lazy = false

    @Flag(help: "End it now, and tell what is lost by that.")
    var force = false

    @Option(help: ArgumentHelp("How long it may take.", valueName: "seconds"))
    var timeout = 30

    @Argument(help: "The directory it is mounted on.")
    var mountPoint: String

    /// How long a process that ends may take.
    private static let endTime = Duration.seconds(5)

    func validate() throws {
        guard (1...86_400).contains(timeout) else {
            throw ValidationError(
                "--timeout: \(timeout) is not a number of seconds from 1 to 86400")
        }
        if lazy, force { throw ValidationError("--lazy and --force are two different things") }
    }

    func run() throws {
        let mountPoint = try MountPoint(mountPoint)
        if force { return try end(mountPoint) }
        // In a process of its own: one that waits in the kernel for a dead server can't be ended, and
        // whoever waits for it could not either.
        let report = try Launcher.fork { [self] launcher in
            launcher.report(unmount(mountPoint))
            return 0
        }
        if let status = report.wait(milliseconds: CInt(timeout) * 1000) {
            if status != 0 { throw ExitCode(status) }
            return
        }
        kill(report.process, SIGKILL)
        throw MountError(
            "\(mountPoint.path): not unmounted within \(timeout) seconds\(Self.rest(mountPoint)); "
                + "--timeout waits longer, --lazy detaches it all the same, --force ends it")
    }

    /// What keeps a mount from being unmounted, as far as it can say so.
    private static func rest(_ mountPoint: MountPoint) -> String {
        guard let loop = try? EpollLoop(), let mount = try? AskedMount.at(mountPoint, loop: loop),
            let left = try? loop.run({ try await mount.unwritten() }), left.bytes > 0
        else { return ": the server or the mount's process does not answer" }
        return ": \(left.inWords) not on the server yet"
    }

    private func unmount(_ mountPoint: MountPoint) -> Launcher.Report {
        do {
            let loop = try EpollLoop()
            let mount = try AskedMount.at(mountPoint, loop: loop)
            if !lazy {
                try loop.run {
                    // A process that does not answer has nothing that could be waited for.
                    guard let left = try? await mount.unwritten(), left.bytes > 0 else { return }
                    _ = try await mount.perform(.flush)
                }
            }
            try mountPoint.unmount(lazily: lazy)
            return .success
        } catch {
            return .failure("\(error)")
        }
    }

    /// Ends the mount without waiting for anything.
    private func end(_ mountPoint: MountPoint) throws {
        let loop = try EpollLoop()
        let mount = try AskedMount.at(mountPoint, loop: loop)
        do {
            let answer = try loop.run {
                let answer = try await mount.ask(.end, patience: AskedMount.promptAnswer)
                try await loop.withTimeout(Self.endTime) {
                    while mount.isMounted { try await loop.sleep(for: .milliseconds(20)) }
                }
                return answer
            }
            print("\(mount.title): \(TerminalText.message(answer))")
        } catch {
            try mountPoint.unmount(lazily: true)
            complain(
                "\(mount.title): detached, though its process does not end; what it had not "
                    + "written to the server may be lost")
        }
    }
}

extension AskedMount {
    /// Whether it is still there.
    fileprivate var isMounted: Bool {
        MountTable.read().mounts.contains { $0.device == mount.device }
    }
}
